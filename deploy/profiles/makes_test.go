package profiles

import (
	"fmt"
	"strings"
)

// makeTest is what a make's files must contain.
type makeTest struct {
	phone string // URI of the phone's own file; MAC stands for its MAC
	read  reader
	// line returns the parameters of line n and their values. An empty value may be missing.
	line func(n int, a account) map[string]string
	// zone has the parameters of the time zone in Berlin, in Sydney, and in Kolkata, which has no summer time.
	zone map[string][3]string
	// keys are the parameters of blf1 (6002, Bob), blf2 (0301234567, Mum, speed) and blf3 (6003) on a phone with one
	// line.
	keys map[string]string
	// admin is the parameter of the admin's password. If empty, the make has none.
	admin string
	// period is the parameter of the periodic fetch. If empty, none is known.
	period string
}

// row returns parameters. %d in a name stands for a line's number.
func row(n int, pairs ...string) map[string]string {
	out := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		name := pairs[i]
		if strings.Contains(name, "%") {
			name = fmt.Sprintf(name, n)
		}
		out[name] = pairs[i+1]
	}
	return out
}

// code returns the value for a transport.
func code(transport, udp, tcp, tls string) string {
	return map[string]string{"udp": udp, "tcp": tcp, "tls": tls}[transport]
}

func bracketed(server string) string {
	if strings.Contains(server, ":") {
		return "[" + server + "]"
	}
	return server
}

func hostPort(a account) string { return bracketed(a.server) + ":" + a.port }

func exists(s string) string {
	if s == "" {
		return "0"
	}
	return "1"
}

var numbers = map[string][]string{ // Grandstream's numbers of accounts 1, 2 and 3
	"name": {"270", "417", "517"}, "server": {"47", "402", "502"}, "user": {"35", "404", "504"}, "auth": {"36", "405", "505"}, "password": {"34", "406", "506"},
	"display": {"3", "407", "507"}, "voicemail": {"33", "426", "526"}, "transport": {"130", "448", "548"}, "mwi": {"99", "415", "515"}, "dtmf": {"2302", "2402", "2502"},
	"active": {"271", "401", "501"}, "expiry": {"32", "412", "512"},
}

var htekNumbers = map[string][]string{
	"name": {"20000", "20001", "20002"}, "server": {"47", "747", "502"}, "user": {"35", "735", "504"}, "auth": {"36", "736", "505"}, "password": {"34", "734", "506"},
	"display": {"3", "703", "507"}, "voicemail": {"33", "426", "526"}, "transport": {"130", "830", "930"}, "mwi": {"99", "709", "515"}, "dtmf": {"20166", "20167", "20168"},
	"active": {"271", "401", "501"}, "expiry": {"32", "732", "512"},
}

func pvalues(numbers map[string][]string) func(int, account) map[string]string {
	return func(n int, a account) map[string]string {
		p := func(what string) string { return "P" + numbers[what][n-1] }
		return row(n, p("name"), a.label, p("server"), hostPort(a), p("user"), a.user, p("auth"), a.auth, p("password"), a.password, p("display"), a.name,
			p("voicemail"), a.voicemail, p("transport"), code(a.transport, "0", "1", "2"), p("mwi"), exists(a.voicemail), p("dtmf"), "1", p("active"), "1", p("expiry"), "10")
	}
}

func ciscoLine(n int, a account) map[string]string {
	return row(n, "Line_Enable_%d_", "Yes", "Display_Name_%d_", a.name, "User_ID_%d_", a.user, "Auth_ID_%d_", a.auth, "Password_%d_", a.password, "Proxy_%d_", hostPort(a),
		"SIP_Transport_%d_", strings.ToUpper(a.transport), "Register_Expires_%d_", "600", "DTMF_Tx_Method_%d_", "AVT", "Mailbox_ID_%d_", a.voicemail,
		"Extension_%d_", fmt.Sprint(n), "Short_Name_%d_", a.label)
}

var ciscoZone = map[string][3]string{
	"Time_Zone":                   {"GMT+01:00", "GMT+10:00", "GMT+05:30"},
	"Daylight_Saving_Time_Rule":   {"start=3/-1/7/2:0:0;end=10/-1/7/3:0:0;save=0:60:0", "start=10/1/7/2:0:0;end=4/1/7/3:0:0;save=0:60:0", ""},
	"Daylight_Saving_Time_Enable": {"Yes", "Yes", "No"},
}

var ciscoKeys = map[string]string{"Extension_2_": "Disabled", "Extended_Function_2_": "fnc=blf+sd+cp;sub=6002@$PROXY;nme=Bob",
	"Extended_Function_3_": "fnc=sd;ext=0301234567@$PROXY;nme=Mum", "Extended_Function_4_": "fnc=blf+sd+cp;sub=6003@$PROXY;nme=6003"}

var htekKeys = map[string]string{"P41200": "1", "P41201": "3", "P41301": "6002", "P41401": "Bob", "P41202": "2", "P41302": "0301234567", "P41203": "3", "P41403": "6003"}

const posixBerlin, posixSydney, posixKolkata = "CET-1CEST,M3.5.0,M10.5.0/3", "AEST-10AEDT,M10.1.0,M4.1.0/3", "IST-5:30"

// unquoted returns a name for a format that cannot escape a double quote.
func unquoted(s string) string { return strings.ReplaceAll(s, `"`, "'") }

// makes has a row for each profile of All.
var makes = map[string]makeTest{
	"yealink": {phone: "MAC.cfg", read: readYealink, admin: "static.security.user_password", period: "static.auto_provision.repeat.minutes",
		line: func(n int, a account) map[string]string {
			return row(n, "account.%d.enable", "1", "account.%d.label", a.label, "account.%d.display_name", a.name, "account.%d.user_name", a.user, "account.%d.auth_name", a.auth,
				"account.%d.password", a.password, "account.%d.sip_server.1.address", a.server, "account.%d.sip_server.1.port", a.port, "account.%d.sip_server_host", a.server,
				"account.%d.sip_server.1.transport_type", code(a.transport, "0", "1", "2"), "account.%d.transport", code(a.transport, "0", "1", "2"),
				"voice_mail.number.%d", a.voicemail, "account.%d.subscribe_mwi", exists(a.voicemail), "account.%d.dtmf.type", "1", "linekey.%d.type", "15")
		},
		zone: map[string][3]string{"local_time.time_zone": {"+1", "+10", "+5:30"}, "local_time.summer_time": {"1", "1", "0"},
			"local_time.start_time": {"3/5/7/2", "10/1/7/2", ""}, "local_time.end_time": {"10/5/7/3", "4/1/7/3", ""}, "local_time.offset_time": {"60", "60", ""}},
		keys: map[string]string{"linekey.2.type": "16", "linekey.2.value": "6002", "linekey.2.label": "Bob", "linekey.2.extension": "*8", "linekey.3.type": "13",
			"linekey.3.value": "0301234567", "linekey.3.extension": "", "linekey.4.type": "16", "linekey.4.label": "6003"}},
	"grandstream": {phone: "cfgMAC.xml", read: xmlReader("gs_provision", ofElements), admin: "P2", period: "P193", line: pvalues(numbers),
		zone: map[string][3]string{"P64": {"customize", "customize", "customize"}, "P246": {posixBerlin, posixSydney, posixKolkata}},
		keys: map[string]string{"P1363": "0", "P1365": "11", "P1467": "Bob", "P1468": "6002", "P1367": "10", "P1470": "0301234567", "P1369": "11", "P1471": "6003"}},
	"grandstream-grp": {phone: "cfgMAC.xml", read: xmlReader("gs_provision", ofItems), admin: "users.admin.password", period: "provisioning.auto.minute",
		line: func(n int, a account) map[string]string {
			mwi := "No"
			if a.voicemail != "" {
				mwi = "Yes"
			}
			return row(n, "account.%d.enable", "Yes", "account.%d.name", a.label, "account.%d.sip.server.1.address", hostPort(a), "account.%d.sip.userid", a.user,
				"account.%d.sip.subscriber.userid", a.auth, "account.%d.sip.subscriber.password", a.password, "account.%d.sip.subscriber.name", a.name,
				"account.%d.sip.voicemail.number", a.voicemail, "account.%d.sip.transport", code(a.transport, "UDP", "TCP", "Tls Or Tcp"),
				"account.%d.sip.subscribe.forMwi", mwi, "account.%d.dtmf.sendInRtp", "Yes", "pks.vpk.%d.keyMode", "Line", "pks.vpk.%d.account", fmt.Sprint(n-1))
		},
		zone: map[string][3]string{"dateTime.timezone.custom": {posixBerlin, posixSydney, posixKolkata}},
		keys: map[string]string{"pks.vpk.2.keyMode": "BLF", "pks.vpk.2.value": "6002", "pks.vpk.2.description": "Bob", "pks.vpk.3.keyMode": "SpeedDial", "pks.vpk.4.value": "6003"}},
	"poly": {phone: "MAC-settings.cfg", read: xmlReader("polycomConfig", ofAttributes), admin: "device.auth.localAdminPassword", period: "prov.polling.period",
		line: func(n int, a account) map[string]string {
			mwi := ""
			if a.voicemail != "" {
				mwi = a.user
			}
			return row(n, "reg.%d.address", a.user, "reg.%d.label", a.label, "reg.%d.displayName", a.name, "reg.%d.auth.userId", a.auth, "reg.%d.auth.password", a.password,
				"reg.%d.server.1.address", a.server, "reg.%d.server.1.port", a.port, "reg.%d.server.1.transport", code(a.transport, "UDPOnly", "TCPOnly", "TLS"),
				"msg.mwi.%d.callBack", a.voicemail, "msg.mwi.%d.subscribe", mwi)
		},
		zone: map[string][3]string{"tcpIpApp.sntp.gmtOffset": {"3600", "36000", "19800"}, "tcpIpApp.sntp.daylightSavings.enable": {"1", "1", "0"},
			"tcpIpApp.sntp.daylightSavings.start.month": {"3", "10", ""}, "tcpIpApp.sntp.daylightSavings.start.date": {"1", "1", ""},
			"tcpIpApp.sntp.daylightSavings.start.dayOfWeek": {"1", "1", ""}, "tcpIpApp.sntp.daylightSavings.start.dayOfWeek.lastInMonth": {"1", "0", ""},
			"tcpIpApp.sntp.daylightSavings.stop.month": {"10", "4", ""}, "tcpIpApp.sntp.daylightSavings.stop.time": {"3", "3", ""}},
		keys: map[string]string{"attendant.resourceList.1.address": "6002", "attendant.resourceList.1.label": "Bob", "attendant.resourceList.2.address": "", "attendant.resourceList.3.address": "6003"}},
	"snom": {phone: "MAC.xml", read: xmlReader("settings", ofSnom), admin: "admin_mode_password", period: "settings_refresh_timer",
		line: func(n int, a account) map[string]string {
			return row(n, "user_active[%d]", "on", "user_realname[%d]", a.name, "user_idle_text[%d]", a.label, "user_name[%d]", a.user, "user_pname[%d]", a.auth, "user_pass[%d]", a.password,
				"user_host[%d]", bracketed(a.server), "user_outbound[%d]", hostPort(a)+";transport="+a.transport, "user_mailbox[%d]", a.voicemail)
		},
		zone: map[string][3]string{"timezone": {"GER+1", "AUS+10", "IND+5.5"}},
		keys: map[string]string{"fkey[0]": "line", "fkey[1]": "blf 6002|*8", "fkey[1]@label": "Bob", "fkey[2]": "speed 0301234567", "fkey[3]@label": "6003"}},
	"fanvil": {phone: "MAC.cfg", read: xmlReader("sysConf", ofPaths), admin: "web/account[1]/Password", period: "ap/FlashInterval",
		line: func(n int, a account) map[string]string {
			return row(n, "sip/line[%d]/PhoneNumber", a.user, "sip/line[%d]/DisplayName", a.name, "sip/line[%d]/SipName", a.label, "sip/line[%d]/RegisterAddr", a.server,
				"sip/line[%d]/RegisterPort", a.port, "sip/line[%d]/RegisterUser", a.auth, "sip/line[%d]/RegisterPswd", a.password, "sip/line[%d]/Transport", code(a.transport, "0", "1", "3"),
				"sip/line[%d]/MWINum", a.voicemail, "sip/line[%d]/Subscribe", exists(a.voicemail), "sip/line[%d]/DTMFMode", "1")
		},
		zone: map[string][3]string{"phone/date/TimeZone": {"4", "40", "22"}, "phone/date/TimeZoneName": {"UTC+1", "UTC+10", "UTC+5:30"}, "phone/date/EnableDST": {"2", "2", "0"},
			"phone/date/DSTStartMon": {"3", "10", ""}, "phone/date/DSTStartWeek": {"5", "1", ""}, "phone/date/DSTStartWday": {"0", "0", ""}, "phone/date/DSTEndHour": {"3", "3", ""}},
		keys: map[string]string{"dsskey/internal[1]/Fkey[1]/Value": "SIP1", "dsskey/internal[1]/Fkey[2]/Value": "6002@1/ba*86002", "dsskey/internal[1]/Fkey[2]/Title": "Bob",
			"dsskey/internal[1]/Fkey[3]/Value": "0301234567@1/f", "dsskey/internal[1]/Fkey[4]/Title": "6003"}},
	"cisco-spa": {phone: "MAC.cfg", read: xmlReader("flat-profile", ofElements), admin: "Admin_Passwd", period: "Resync_Periodic", line: ciscoLine, zone: ciscoZone, keys: ciscoKeys},
	"cisco-mpp": {phone: "MAC.cfg", read: xmlReader("flat-profile", ofElements), admin: "Admin_Password", period: "Resync_Periodic", line: ciscoLine, zone: ciscoZone, keys: ciscoKeys},
	"cisco-enterprise": {phone: "SEPMAC.cnf.xml", read: xmlReader("device", ofPaths), admin: "commonProfile/phonePassword",
		line: func(n int, a account) map[string]string {
			const line = "sipProfile/sipLines/line[%d]/"
			return row(n, line+"featureLabel", a.label, line+"proxy", a.server, line+"port", a.port, line+"name", a.user, line+"displayName", a.name, line+"authName", a.auth,
				line+"authPassword", a.password, line+"messagesNumber", a.voicemail)
		},
		zone: map[string][3]string{"devicePool/dateTimeSetting/timeZone": {"W. Europe Standard/Daylight Time", "AUS Eastern Standard/Daylight Time", "India Standard Time"}},
		keys: map[string]string{"sipProfile/sipLines/line[2]/featureID": "21", "sipProfile/sipLines/line[2]/speedDialNumber": "6002", "sipProfile/sipLines/line[3]/featureID": "2",
			"sipProfile/sipLines/line[4]/featureLabel": "6003"}},
	"linphone": {phone: "linphone-MAC.xml", read: xmlReader("config", ofEntries),
		line: func(n int, a account) map[string]string {
			return row(n-1, "proxy_%d/reg_proxy", "<sip:"+hostPort(a)+";transport="+a.transport+">", "proxy_%d/reg_identity", fmt.Sprintf(`"%s" <sip:%s@%s>`, unquoted(a.name), a.user, bracketed(a.server)),
				"auth_info_%d/username", a.user, "auth_info_%d/userid", a.auth, "auth_info_%d/passwd", a.password, "proxy_%d/reg_expires", "600")
		}},
	"baresip": {phone: "baresip-MAC-accounts", read: readBaresip,
		line: func(n int, a account) map[string]string {
			return row(n, "account.%d.name", unquoted(a.name), "account.%d.uri", "sip:"+a.user+"@"+hostPort(a)+";transport="+a.transport, "account.%d.auth_user", a.auth,
				"account.%d.auth_pass", a.password, "account.%d.regint", "600", "account.%d.dtmfmode", "rtpevent")
		}},
	"htek": {phone: "cfgMAC.xml", read: xmlReader("hl_provision", ofElements), admin: "P2", period: "P193", line: pvalues(htekNumbers), keys: htekKeys,
		zone: map[string][3]string{"P64": {"50", "", ""}, "P75": {"1", "1", "0"}}},
	"sangoma": {phone: "MAC.cfg", read: xmlReader("config", ofDigium), admin: "login_password",
		line: func(n int, a account) map[string]string {
			return row(n-1, "account[%d]@username", a.user, "account[%d]@authname", a.auth, "account[%d]@password", a.password, "account[%d]@line_label", a.label, "account[%d]@caller_id", a.name,
				"account[%d]@voicemail", a.voicemail, "host_primary[%d]@server", a.server, "host_primary[%d]@port", a.port, "host_primary[%d]@transport", a.transport)
		},
		zone: map[string][3]string{"time_zone": {"Europe/Berlin", "Australia/Sydney", "Asia/Kolkata"}}},
	"panasonic": {phone: "ConfigMAC.cfg", read: readPanasonic, admin: "ADMIN_PASS", period: "CFG_CYCLIC_INTVL",
		line: func(n int, a account) map[string]string {
			return row(n, "PHONE_NUMBER_%d", a.user, "DISPLAY_NAME_%d", unquoted(a.name), "LINE_ID_%d", unquoted(a.label), "SIP_AUTHID_%d", a.auth, "SIP_PASS_%d", a.password,
				"SIP_RGSTR_ADDR_%d", a.server, "SIP_RGSTR_PORT_%d", a.port, "SIP_TRANSPORT_%d", code(a.transport, "0", "1", "2"), "VM_NUMBER_%d", a.voicemail)
		},
		zone: map[string][3]string{"LOCAL_TIME_ZONE_POSIX": {posixBerlin, posixSydney, posixKolkata}, "TIME_ZONE": {"60", "600", "330"}, "DST_ENABLE": {"Y", "Y", "N"},
			"DST_START_ORDINAL_DAY": {"5", "1", ""}, "DST_START_TIME": {"120", "120", ""}, "DST_STOP_MONTH": {"10", "4", ""}},
		keys: map[string]string{"FLEX_BUTTON_FACILITY_ACT1": "X_PANASONIC_IPTEL_DN", "FLEX_BUTTON_FACILITY_ACT2": "X_PANASONIC_IPTEL_CONTACT", "FLEX_BUTTON_FACILITY_ARG2": "6002",
			"FLEX_BUTTON_LABEL2": "Bob", "FLEX_BUTTON_FACILITY_ACT3": "X_PANASONIC_IPTEL_ONETOUCH", "FLEX_BUTTON_LABEL4": "6003"}},
	"mitel": {phone: "MAC.cfg", read: readMitel, admin: "admin password", period: "auto resync time",
		line: func(n int, a account) map[string]string {
			return row(n, "sip line%d auth name", a.auth, "sip line%d password", a.password, "sip line%d user name", a.user, "sip line%d display name", a.name, "sip line%d screen name", a.label,
				"sip line%d proxy ip", a.server, "sip line%d proxy port", a.port, "sip line%d registrar ip", a.server, "sip line%d registrar port", a.port, "sip line%d vmail", a.voicemail,
				"sip line%d dtmf method", "0")
		},
		zone: map[string][3]string{"time zone minutes": {"-60", "-600", "-330"}, "dst config": {"3", "3", "0"}, "dst start week": {"-1", "1", ""}, "dst start day": {"1", "1", ""}, "dst end month": {"10", "4", ""}},
		keys: map[string]string{"topsoftkey1 type": "blf", "topsoftkey1 value": "6002", "topsoftkey1 label": "Bob", "topsoftkey2 type": "speeddial", "topsoftkey3 label": "6003"}},
	"gigaset": {phone: "MAC.xml", read: xmlReader("provisioning", ofParams), admin: "WebUIAccounts.1.Password",
		line: func(n int, a account) map[string]string {
			out := row(n, "SipAccount.%05d.AuthName", a.auth, "SipAccount.%05d.AuthPassword", a.password, "SipAccount.%05d.UserName", a.user, "SipAccount.%05d.DisplayName", a.name,
				"SipAccount.%05d.VoiceMailMailbox", a.voicemail, "SipAccount.%05d.VoiceMailActive", exists(a.voicemail))
			for name, value := range row(n-1, "SipProvider.%d.Name", a.label, "SipProvider.%d.Domain", bracketed(a.server), "SipProvider.%d.RegServerAddress", bracketed(a.server), "SipProvider.%d.RegServerPort", a.port,
				"SipProvider.%d.TransportProtocol", code(a.transport, "1", "2", "3"), "SipProvider.%d.MWISubscription", exists(a.voicemail)) {
				out[name] = value
			}
			return out
		},
		zone: map[string][3]string{"DmGlobal.0.TimeZone": {"Europe/Berlin", "Australia/Sydney", "Asia/Kolkata"}}},
	"gigaset-maxwell": {phone: "MAC.xml", read: xmlReader("provisioning", ofParams), admin: "WebUI.AdminPassword", period: "System.Provision.Period",
		line: func(n int, a account) map[string]string {
			const line = "SIP.Account.%d."
			return row(n-1, line+"AccountName", a.label, line+"AuthName", a.auth, line+"AuthPassword", a.password, line+"Username", a.user, line+"DisplayName", a.name, line+"Domain", bracketed(a.server),
				line+"RegistrationServer.Address", bracketed(a.server), line+"RegistrationServer.Port", a.port, line+"VoiceMail.Mailbox", a.voicemail, line+"VoiceMail.Active", exists(a.voicemail))
		},
		keys: map[string]string{"PhoneUI.Keys.FunctionKeys.0.Type": "0", "PhoneUI.Keys.FunctionKeys.1.Type": "4", "PhoneUI.Keys.FunctionKeys.1.PhoneNumber": "6002",
			"PhoneUI.Keys.FunctionKeys.2.Type": "3", "PhoneUI.Keys.FunctionKeys.3.DisplayName": "6003"}},
	"plain": {phone: "MAC.txt", read: readPlain, admin: "admin.password", period: "provisioning.minutes",
		line: func(n int, a account) map[string]string {
			return row(n, "line.%d.user", a.user, "line.%d.auth", a.auth, "line.%d.password", a.password, "line.%d.name", a.name, "line.%d.label", a.label, "line.%d.server", a.server,
				"line.%d.port", a.port, "line.%d.transport", a.transport, "line.%d.voicemail", a.voicemail)
		},
		zone: map[string][3]string{"zone": {posixBerlin, posixSydney, posixKolkata}, "summer.start": {"3/5/7 2:0", "10/1/7 2:0", ""}},
		keys: map[string]string{"key.1.number": "6002", "key.1.label": "Bob", "key.1.blf": "1", "key.2.blf": "0", "key.3.label": "6003"}},
}
