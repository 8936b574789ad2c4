package device

import (
	"strings"
	"testing"
)

// User-Agents as phones send them, from published logs and from the patterns of other servers.
func TestParseUserAgent(t *testing.T) {
	for _, row := range []struct{ ua, vendor, model, firmware, mac string }{
		{"FileTransport PolycomVVX-VVX_500-UA/5.9.7.4477 Type/Application", "Poly", "VVX_500", "5.9.7.4477", ""},
		{"FileTransport PolycomVVX-VVX_500-UA/5.9.7.47435 Type/Updater", "Poly", "VVX_500", "5.9.7.47435", ""},
		{"FileTransport PolycomVVX-VVX_310-UA/5.1.1.2986", "Poly", "VVX_310", "5.1.1.2986", ""},
		{"FileTransport PolycomSoundPointIP-SPIP_550-UA/4.0.15.1047 (SN:0004a11a1a1a) Type/Application", "Poly", "SPIP_550", "4.0.15.1047", "0004a11a1a1a"},
		{"FileTransport PolyCCX-CCX_600-UA/8.0.2.3267 (SN:482567b5313f) Type/Application", "Poly", "CCX_600", "8.0.2.3267", "482567b5313f"},
		{"FileTransport PolyEdge-Edge_E450-UA/8.0.0.15602 Type/Application", "Poly", "Edge_E450", "8.0.0.15602", ""},
		{"PolycomVVX-VVX_450-UA/6.4.5.1000", "Poly", "VVX_450", "6.4.5.1000", ""},
		{"Yealink SIP-T46G 28.72.0.1 00:15:65:4a:a9:37", "Yealink", "T46G", "28.72.0.1", "0015654aa937"},
		{"yealink SIP-T28P 2.70.0.140 00:15:65:13:ae:0b", "Yealink", "T28P", "2.70.0.140", "00156513ae0b"},
		{"Yealink SIP-T38G  38.70.0.125 00:15:65:2f:c3:5e", "Yealink", "T38G", "38.70.0.125", "0015652fc35e"},
		{"Yealink SIP-T56A 58.80.0.25 001565f429a4", "Yealink", "T56A", "58.80.0.25", "001565f429a4"},
		{"Yealink SIP-T21P_E2 52.80.0.3 00:15:65:4c:4c:26", "Yealink", "T21P_E2", "52.80.0.3", "0015654c4c26"},
		{"Yealink SIP VP-T49G 51.80.0.10 00:15:65:9b:5a:44", "Yealink", "VP-T49G", "51.80.0.10", "0015659b5a44"},
		{"Yealink W60B 77.81.0.35 80:5e:c0:09:ab:dc", "Yealink", "W60B", "77.81.0.35", "805ec009abdc"},
		{"Yealink CP860 37.72.0.5 00:15:65:8a:37:86", "Yealink", "CP860", "37.72.0.5", "0015658a3786"},
		{"Yealink-T46G 28.71.0.81 28.1.0.128.0.0.0", "Yealink", "T46G", "28.71.0.81", ""},
		{"Yealink SIP-T54W 96.86.0.74", "Yealink", "T54W", "96.86.0.74", ""},
		{"VP530P 23.70.0.40 00:15:65:31:4b:c0", "Yealink", "VP530P", "23.70.0.40", "001565314bc0"},
		{"Mozilla/4.0 (compatible; snomD785-SIP 10.1.33.33 2010.12-00004-g9ba52f5 000413922D24 SXM:0 UXM:0)", "Snom", "D785", "10.1.33.33", "000413922d24"},
		{"Mozilla/4.0 (compatible; snomD785-SIP 10.1.169.16 2010.12-00001-gd311851f1 (Feb 25 2019 - 14:19:43) 00041396D9B4 SXM:0 UXM:0 UXMC:0)",
			"Snom", "D785", "10.1.169.16", "00041396d9b4"},
		{"Mozilla/4.0 (compatible; snom710-SIP 8.7.5.35 1.1.5-IFX-05.01.12 000413741767)", "Snom", "710", "8.7.5.35", "000413741767"},
		{"Mozilla/4.0 (compatible; snom320-SIP 6.5.20; snom320 jffs2 v3.36; snom320 linux 3.38)", "Snom", "320", "6.5.20", ""},
		{"Mozilla/4.0 (compatible; snom870-SIP 8.4.35 SPEAr300 SNOM 1.4)", "Snom", "870", "8.4.35", ""},
		{"Mozilla/4.0 (compatible; snomPA1-SIP 8.4.35 1.1.3-s)", "Snom", "PA1", "8.4.35", ""},
		{"Mozilla/4.0 (compatible; Snom M900 05.20.0001 000413b60680)", "Snom", "M900", "05.20.0001", "000413b60680"},
		{"snomD717/10.1.198.19", "Snom", "D717", "10.1.198.19", ""},
		{"Grandstream Model HW GXP1628 SW 1.0.4.138 DevId c074ad2bd859", "Grandstream", "GXP1628", "1.0.4.138", "c074ad2bd859"},
		{"Grandstream Model HW GXV3350  V1.3A SW 1.0.1.8 DevId c074ad150b88", "Grandstream", "GXV3350", "1.0.1.8", "c074ad150b88"},
		{"Grandstream Model HW GRP2601W SW 1.0.7.32 DevId EC:74:D7:89:1A:76", "Grandstream", "GRP2601W", "1.0.7.32", "ec74d7891a76"},
		{"Grandstream GXP2000 (gxp2000e.bin:1.2.5.3/boot55e.bin:1.1.6.9) DevId 000b822726c8", "Grandstream", "GXP2000", "1.1.6.9", "000b822726c8"},
		{"Grandstream GXW4216 (DevId c074ad1e8bc6)", "Grandstream", "GXW4216", "", "c074ad1e8bc6"},
		{"Grandstream GXW4248 (DevId c074ad18429a / c074ad18429b)", "Grandstream", "GXW4248", "", ""},
		{"Grandstream GXP1400 1.0.4.13", "Grandstream", "GXP1400", "1.0.4.13", ""},
		{"Cisco/SPA501G-7.4.4 (8843E157DDCC)(CBT141100HR)", "Cisco", "SPA501G", "7.4.4", "8843e157ddcc"},
		{"Cisco/SPA504G-7.4.9c (649EF3788E6A)(CCQ162306EA)", "Cisco", "SPA504G", "7.4.9c", "649ef3788e6a"},
		{"Cisco/SPA525G-7.4.7 (CBT141900G7)", "Cisco", "SPA525G", "7.4.7", ""},
		{"Cisco/SPA122-1.4.1(SR5)", "Cisco", "SPA122", "1.4.1", ""},
		{"Linksys/SPA-942-6.1.5(a) (88019FA42805)", "Cisco", "SPA-942", "6.1.5", ""}, // the digits are a serial number
		{"Cisco-CP-8841-3PCC/11.0 (00562b043615)", "Cisco", "CP-8841-3PCC", "11.0", "00562b043615"},
		{"Cisco-CP-7832-3PCC/11.0.1 (00562b043615)", "Cisco", "CP-7832-3PCC", "11.0.1", "00562b043615"},
		{"Cisco-CP-8851-3PCC/11.3.7_MPP_0001", "Cisco", "CP-8851-3PCC", "11.3.7_MPP_0001", ""},
		{"Fanvil X4 2.10.2.6887 0c383e07e16c", "Fanvil", "X4", "2.10.2.6887", "0c383e07e16c"},
		{"Fanvil X6U Pro 0.0.10 0c383e2cd782", "Fanvil", "X6U Pro", "0.0.10", "0c383e2cd782"},
		{"Fanvil X5U-V2 2.12.16.17 0c383e32c10d", "Fanvil", "X5U-V2", "2.12.16.17", "0c383e32c10d"},
		{"Mitel6940 MAC:14-00-E9-1B-45-24 V:6.4.0.140-SIP", "Mitel", "6940", "6.4.0.140", "1400e91b4524"},
		{"Aastra6731i MAC:00-08-5D-23-74-29 V:3.2.0.70-SIP", "Mitel", "6731i", "3.2.0.70", "00085d237429"},
		{"Aastra57i MAC:00-08-5D-1A-98-70 V:2.0.1.1055-0035-00-A1", "Mitel", "57i", "2.0.1.1055-0035-00-A1", "00085d1a9870"},
		{"Gigaset N870 IP PRO/83.V2.11.0+build.a546b91;7C2F80E0D605", "Gigaset", "N870 IP PRO", "83.V2.11.0+build.a546b91", "7c2f80e0d605"},
		{"Htek UC926 2.0.4.2 00:1f:c1:00:00:01", "Htek", "UC926", "2.0.4.2", "001fc1000001"},
		{"Panasonic_KX-UT113/01.133 (0080f0c8c381)", "Panasonic", "KX-UT113", "01.133", "0080f0c8c381"},
		{"Panasonic_KX-UT670/01.022 (0080f0000001)", "Panasonic", "KX-UT670", "01.022", "0080f0000001"},
		{"Sangoma P330 4_27_8 000FD3D0B030", "Sangoma", "P330", "4_27_8", ""},
		{"Linphonec/5.1.65", "Linphone", "Linphonec", "5.1.65", ""},

		{"", "", "", "", ""},
		{"curl/8.5.0", "", "", "", ""},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36", "", "", "", ""},
		{"SomePhone X1 1.2.3 001565000001", "", "", "", ""},
		{"curl/8 Yealink SIP-T46G 28.72.0.1 00:15:65:4a:a9:37", "", "", "", ""},
		{"Yealink SIP-T46G 28.72.0.1 00:15:65:4a:a9", "", "", "", ""},
		{"Yealink SIP-T46G 28.72.0.1 00:15:65:4a:a9:37 x", "", "", "", ""},
		{"Yealink SIP-T46G <b> 00:15:65:4a:a9:37", "", "", "", ""},
		{"Yealink SIP-${SECRET} 1 00:15:65:4a:a9:37", "", "", "", ""},
		{"Fanvil X4\r\n2.10 0c383e07e16c", "", "", "", ""},
		{"FileTransport PolycomVVX-VVX_500-UA/5.9\"><x", "", "", "", ""},
		{"Yealink SIP-T46G 28.72.0.1" + strings.Repeat(" ", MaxUserAgent) + "00:15:65:4a:a9:37", "", "", "", ""},
	} {
		want := Device{Vendor: row.vendor, Model: row.model, Firmware: row.firmware}
		if row.mac != "" {
			var err error
			if want.MAC, err = ParseMAC(row.mac); err != nil {
				t.Fatal(err)
			}
		}
		if got := ParseUserAgent(row.ua); got != want {
			t.Errorf("%.80q: got %+v, want %+v", row.ua, got, want)
		}
	}
}

// A stranger's User-Agent goes into a phone's file, so its parts have few characters and a bounded length.
func FuzzParseUserAgent(f *testing.F) {
	f.Add("Yealink SIP-T46G 28.72.0.1 00:15:65:4a:a9:37")
	f.Add("Gigaset N870 IP PRO/83.V2.11.0+build.a546b91;7C2F80E0D605")
	f.Add("Mozilla/4.0 (compatible; snomD785-SIP 10.1.33.33 2010 000413922D24 SXM:0)")
	f.Add("Linphonec/5<x>")
	f.Fuzz(func(t *testing.T, s string) {
		const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		d := ParseUserAgent(s)
		if strings.Trim(d.Model, letters+"_- ") != "" || len(d.Model) > 32 {
			t.Errorf("%q: model %q", s, d.Model)
		}
		if strings.Trim(d.Firmware, letters+"._+-") != "" || len(d.Firmware) > 48 {
			t.Errorf("%q: firmware %q", s, d.Firmware)
		}
		if d.Vendor == "" && d != (Device{}) || d.Vendor != "" && d.Model == "" {
			t.Errorf("%q: %+v", s, d)
		}
		if d.MAC != (MAC{}) && !strings.Contains(strings.ToLower(strings.NewReplacer(":", "", "-", "").Replace(s)), d.MAC.String()) {
			t.Errorf("%q: MAC %v is not in it", s, d.MAC)
		}
	})
}
