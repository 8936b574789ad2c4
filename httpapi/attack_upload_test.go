package httpapi

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/httpapi/uploads"
)

// put is a PUT of a body for a target.
func put(target, header, body string) string {
	return request("PUT", target, header+fmt.Sprintf("Content-Length: %d\r\n", len(body))) + body
}

// What is sent is kept as a file of its phone, as it is, or not at all; nothing outside the directory of uploads changes.
func TestUploadAttacks(t *testing.T) {
	t.Parallel()
	const mac = "0011223344aa"
	full := strings.Repeat("x", uploads.MaxFile)
	chunked := func(n int) string {
		return strings.Repeat(fmt.Sprintf("%x\r\n%s\r\n", 64<<10, full[:64<<10]), n) + "0\r\n\r\n"
	}
	kept := func(name string) []string { return []string{mac + "/" + name + " -rw-------"} }
	for _, tt := range []struct {
		name string
		raw  string
		want []int
		kept []string
	}{
		{"log", put("/phoneprov/"+mac+"-boot.log", "", uploadBody), one(201), kept(mac + "-boot.log")},
		{"dot dot", put("/phoneprov/../"+mac+"-x.log", "", uploadBody), one(201), kept(mac + "-x.log")},
		{"dot dot behind the MAC", put("/phoneprov/"+mac+"/../../outside.txt", "", uploadBody), one(404), nil},
		{"dot dot as the name", put("/phoneprov/"+mac+"-/..", "", uploadBody), one(404), nil},
		{"dot dot encoded", put("/phoneprov/%2e%2e%2f%2e%2e%2foutside.txt"+mac, "", uploadBody), one(201), kept("outside.txt" + mac)},
		{"encoded twice", put("/phoneprov/%252e%252e%252f"+mac, "", uploadBody), one(404), nil},
		{"overlong UTF-8", put("/phoneprov/%c0%ae%c0%ae%c0%af"+mac, "", uploadBody), one(404), nil},
		{"backslash", put(`/phoneprov/..\`+mac, "", uploadBody), one(404), nil},
		{"absolute", put("/phoneprov//etc/cron.d/"+mac, "", uploadBody), one(201), kept(mac)},
		{"hidden", put("/phoneprov/."+mac, "", uploadBody), one(404), nil},
		{"NUL", put("/phoneprov/"+mac+"%00.log", "", uploadBody), one(404), nil},
		{"line break", put("/phoneprov/"+mac+"%0d%0a.log", "", uploadBody), one(404), nil},
		{"shell", put("/phoneprov/"+mac+"%24(id).log", "", uploadBody), one(404), nil},
		{"temporary name", put("/phoneprov/"+mac+".tmp~", "", uploadBody), one(404), nil},
		{"directory of another", put("/phoneprov/0011223344ab/"+mac+".log", "", uploadBody), one(201), kept(mac + ".log")},
		{"another's", put("/phoneprov/0011223344ab.log", "", uploadBody), one(404), nil},
		{"two MACs", put("/phoneprov/0011223344ab-"+mac+".log", "", uploadBody), one(404), nil},
		{"nobody's", put("/phoneprov/x.log", "", uploadBody), one(404), nil},
		{"route's name", put(phoneTarget, "", uploadBody), one(201), kept(mac + ".cfg")},
		{"static file's name", put("/phoneprov/fw.bin", "", uploadBody), one(404), nil},
		{"template's name", put("/phoneprov/t.cfg", "", uploadBody), one(404), nil},
		{"the prefix", put("/phoneprov/", "", uploadBody), one(404), nil},
		{"outside the prefix", put("/"+mac+".log", "", uploadBody), one(404), nil},
		{"long name", put("/phoneprov/"+mac+strings.Repeat("x", 4000), "", uploadBody), one(404), nil},
		{"as large as may be", put("/phoneprov/"+mac+".log", "", full), one(201), kept(mac + ".log")},
		{"larger", put("/phoneprov/"+mac+".log", "", full+"x"), one(413), nil},
		{"huge length", request("PUT", "/phoneprov/"+mac+".log", "Content-Length: 9223372036854775807\r\n") + full + "xx", one(413), nil},
		{"chunked, as large as may be", request("PUT", "/phoneprov/"+mac+".log", "Transfer-Encoding: chunked\r\n") + chunked(16), one(201), kept(mac + ".log")},
		{"chunked, larger", request("PUT", "/phoneprov/"+mac+".log", "Transfer-Encoding: chunked\r\n") + chunked(17), one(413), nil},
		{"expected", put("/phoneprov/"+mac+".log", "Expect: 100-continue\r\n", uploadBody), []int{100, 201}, kept(mac + ".log")},
		{"expected, refused", put("/phoneprov/x.log", "Expect: 100-continue\r\n", uploadBody), one(404), nil},
		{"expected, huge", request("PUT", "/phoneprov/"+mac+".log", "Expect: 100-continue\r\nContent-Length: 99999999\r\n"), one(413), nil},
		{"other expectation", put("/phoneprov/"+mac+".log", "Expect: "+marker+"\r\n", uploadBody), one(417), nil},
		{"a part of a file", put("/phoneprov/"+mac+".log", "Content-Range: bytes 5-5/9\r\n", uploadBody), one(400), nil},
		{"compressed", put("/phoneprov/"+mac+".log", "Content-Encoding: gzip\r\n", uploadBody), one(201), kept(mac + ".log")},
		{"form", put("/phoneprov/"+mac+".log", "Content-Type: multipart/form-data; boundary=x\r\n", "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"../../x\"\r\n\r\n--x--"),
			one(201), kept(mac + ".log")},
		{"User-Agent of another", put("/phoneprov/"+mac+".log", "User-Agent: Yealink SIP-T46G 28.72.0.1 00:15:65:4a:a9:37\r\n", uploadBody), one(404), nil},
		{"DELETE", request("DELETE", "/phoneprov/"+mac+".log", ""), one(405), nil},
		{"MKCOL", request("MKCOL", "/phoneprov/"+mac, ""), one(405), nil},
		{"COPY", request("COPY", "/phoneprov/"+mac+".log", "Destination: /phoneprov/../x\r\n"), one(405), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "", nil)
			before := tree(t, s.dir)
			replies, rest := s.attack(t, tt.raw, len(tt.want))
			var got []int
			for _, r := range replies {
				got = append(got, r.status)
				if r.status != 100 {
					checkReply(t, r, nil)
				}
			}
			if !slices.Equal(got, tt.want) || rest != "" {
				t.Errorf("got %v and %q, want %v", got, rest, tt.want)
			}
			s.checkLog(t, replies)
			want := slices.Clone(before)
			for _, name := range tt.kept {
				want = append(want, "uploads/"+name)
			}
			if after := tree(t, s.dir); !slices.Equal(after, want) {
				t.Errorf("got files %q, want %q", after, want)
			}
		})
	}
}
