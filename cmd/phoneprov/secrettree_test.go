package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The configuration of TestSecretsStaySecret. Each @N is a secret of its own, or a part of one; whatever can be wrong
// about a line with one is.
var secretTree = map[string]string{
	"asterisk/phoneprov.conf": `[general]
default_profile = desk
#secret=@0
# secret = @1
#secret = @2
[desk]
mime_type = text/xml
staticdir = static/
setvar => ADMIN_PASSWORD @10
setvar => =@11
setvar => @12
setvar => ADMIN_PIN=@13
setvar => ADMIN_TOKEN=@14 & <@14>
setvar => SUM_OF_SECRET=$[${SECRET} + 1]
setvar => SECRET_IF=$[${SECRET} > 5 ? yes]
setvar => SECRET_RE=$["${SECRET}" : "(${SECRET}"]
setvar => SECRET_CUT=${CUT(SECRET,,x)}
setvar => SECRET_OPEN=${MD5(${SECRET}
setvar => PIN_SUM=$[@15 + 1]
setvar => PIN_CALL=$[@16(1)]
setvar => PIN_NESTED=$[(@17]
setvar => LOWER=x${TOLOWER(${PP_USER(secret)})}
setvar => UPPER=${TOUPPER(${PP_ENDPOINT(password)}${PP_USER(vmsecret)})}
setvar => VOICE=${PP_USER(vmsecret)}
setvar => CODED=${BASE64_ENCODE(${PP_USER(secret)})}${URIENCODE(${PP_USER(secret)})}
setvar => EACH=${PP_EACH_LINE(%{PP_USER(vmsecret)}|)}
setvar => AGAIN=${LOWER:1}
static_file => logo.bmp,image/bmp
static_file => nothere.bin
${MAC}.cfg => desk.cfg
${MAC}.xml => dir.xml
${MAC}-expr.cfg => expr.cfg
${MAC}-setvar.cfg => setvar.cfg
${MAC}-asked.cfg => asked.cfg
${MAC}-evil.cfg => evil.cfg
${MAC}-missing.cfg => missing.cfg
${MAC}-loop.cfg => loop.cfg
`,
	"asterisk/users.conf": `[general]
localextenlength = 4
secret @20
[6001]
autoprov = yes
macaddress = 0004f2000001
secret = @21 @21
vmsecret = @18
#secret=@22
\#secret=@23
secret @24
[6002]
autoprov = yes
macaddress = 0004f2000002
secret = &@25;@25
timezone = No/Where
[6003]
autoprov = yes
macaddress = 0004f2000003
secret = <@26
[6004]
autoprov = yes
macaddress = 0004f2000004
secret = "@27"@27=@27'
linenumber = 2
[6014]
autoprov = yes
macaddress = 0004f2000004
secret = ${@28(1)}$[@28]
linenumber = 2
[6005]
autoprov = yes
macaddress = 0004f2000005
secret = @29\;@29</pass>
profile = nosuch
[6006]
autoprov = yes
macaddress = 0004f2000006
secret = </@29>]]>@29(
[6007]
autoprov = yes
macaddress = 0004f2000007
secret = -->@30%&#@30;
[6008](!)
secret @31
#exec echo secret=@32
#tryinclude none.conf
`,
	"asterisk/pjsip.conf": `[7001]
type = endpoint
auth = 7001
[7001]
type = auth
username = 7001
#password=@40
password @41
password = "@42 &@42<@42
[prov7001]
type = phoneprov
endpoint = 7001
PROFILE = desk
MAC = 0004f2000701
ADMIN_PASS @43
ADMIN_PASS = @44&
[prov7002]
type = phoneprov
endpoint = nosuch
PROFILE = desk
MAC = 0004f2000702
SECRET = @45<
`,
	"asterisk/extensions.conf": `[globals]
#GLOBAL_SECRET=@50
GLOBAL_SECRET @51
GLOBAL_SECRET=@52&${SECRET}
GLOBAL_LOWER=${TOLOWER(${PP_USER(vmsecret)})}
`,
	"data/desk.cfg":        "password=${SECRET}\n",
	"data/dir.xml":         "<dir>\n<pass x=\"${SECRET}\">${SECRET}</pass>\n<${SECRET}/>\n<a ${SECRET}=\"1\"/>\n&${SECRET};</dir>\n",
	"data/static/logo.bmp": "BM",
	"data/expr.cfg": `$[${SECRET}]
$[${SECRET} + 1]
$[1 + ${SECRET}]
$["${SECRET}" / 0]
$[${SECRET} ? 1]
$[${SECRET}(1)]
` +
		`$[sqrt(${SECRET})]
$["${SECRET}]
$["x" : "(${SECRET}"]
$["x" =~ "[${SECRET}"]
$[1 ${SECRET}]
$[(${SECRET}]
` +
		"$[ADMIN_PASSWORD=@60]\n$[@61(${SECRET}]\n${LEN(${SECRET}\n${SECRET:x:@62}\n${${SECRET}}\n",
	"data/setvar.cfg": "${SUM_OF_SECRET}${SECRET_IF}${SECRET_RE}${SECRET_CUT}${SECRET_OPEN}${PIN_SUM}${PIN_CALL}${PIN_NESTED}${ADMIN_TOKEN}${GLOBAL_SECRET}\n",
	"data/asked.cfg":  "${DB(phone/${SECRET})}${NOSUCH(${SECRET})}${${SECRET}(1)}\n",
	"data/loop.cfg":   "${PP_EACH_EXTENSION(${MAC},loop.cfg)}",
	"data/evil.cfg": "${EVAL(${SECRET})}${FILTER(${SECRET}-,x)}${STRFTIME(${SECRET},${SECRET},${SECRET})}${REPLACE(${SECRET},${SECRET})}" +
		"${STRREPLACE(SECRET,${SECRET})}${FIELDQTY(SECRET,${SECRET})}${CUT(SECRET,${SECRET},${SECRET})}${IF($[${SECRET}]?${SECRET})}" +
		"${STAT(${SECRET},/etc/${SECRET})}${STAT(e,${SECRET})}${PP_EACH_USER(%{SECRET}|${SECRET})}${PP_EACH_EXTENSION(${SECRET},${SECRET})}" +
		"${PP_EACH_EXTENSION(${MAC},${SECRET})}${BASE64_ENCODE(${SECRET})}${URIENCODE(${SECRET})}" +
		"${PP_USER(${SECRET})}${PP_USER(secret)}${PP_USER(,${SECRET})}${PP_ENDPOINT(${SECRET})}${PP_EACH_LINE(%{SECRET}%{CUT(%{SECRET})}%{PP_USER()},${SECRET})}" +
		"${PP_EACH_LINE(%{SECRET}%{CUT(%{SECRET})}%{PP_ENDPOINT(secret)})}${XML_ESCAPE(${SECRET})}${JSON_ESCAPE(${SECRET})}\n",
}

// secretFaults are files that are not loaded because of a line with a secret.
var secretFaults = map[string]string{
	"no category":      "secret=@70\n",
	"no bracket":       "[6001\nsecret=@71\n[secret=@71\n",
	"no parenthesis":   "[6001](secret=@72\n",
	"base":             "[6001](secret=@73)\n",
	"filter without =": "[6001](+@74)\n",
	"filter":           "[6001](+secret=@75[)\n",
	"filter's name":    "[6001](+@76[=x)\n",
	"filtered":         "[6001](+secret=@77)\n",
	"backslash":        "[6001]\n\\ secret=@78\n",
}

// withSecrets puts the secrets into a text.
func withSecrets(text string) string {
	return regexp.MustCompile(`@\d+`).ReplaceAllStringFunc(text, func(at string) string {
		n, _ := strconv.Atoi(at[1:]) // the pattern has digits only
		return secretWord(n)
	})
}

// secretWord is eight letters of which no four stand in a word of any language.
func secretWord(n int) string {
	const letters = "bfghjkpqvwxz"
	var word []byte
	for i, state := 0, uint32(n+1)*2654435761; i < 8; i, state = i+1, state*1664525+1013904223 {
		word = append(word, letters[(state>>24)%uint32(len(letters))])
	}
	return string(word)
}

const secretWords = 80

func allSecretWords() (words []string) {
	for n := range secretWords {
		words = append(words, secretWord(n))
	}
	return words
}

// tellsNoSecret fails the test where four letters of a secret stand in a text, in any case.
func tellsNoSecret(t *testing.T, where, text string) {
	t.Helper()
	secrets.Text(where, text)
	lower := strings.ToLower(text)
	for n := range secretWords {
		word := secretWord(n)
		for i := range len(word) - 3 {
			if at := strings.Index(lower, word[i:i+4]); at >= 0 {
				line := text[strings.LastIndexByte(text[:at], '\n')+1:]
				line, _, _ = strings.Cut(line, "\n")
				t.Errorf("%s tells %q of secret @%d: %.600s", where, word[i:i+4], n, line)
				break
			}
		}
	}
}

// laySecrets writes the tree, some of its files replaced, and returns the settings for it.
func laySecrets(t *testing.T, instead map[string]string) lookupEnv {
	t.Helper()
	dir := t.TempDir()
	lay := func(files map[string]string) {
		for name, text := range files {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(withSecrets(text)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	lay(secretTree)
	lay(instead)
	env := map[string]string{
		"PHONEPROV_ASTERISK_CONFIG":     "files",
		"PHONEPROV_ASTERISK_CONFIG_DIR": filepath.Join(dir, "asterisk"),
		"PHONEPROV_ASTERISK_DATA_DIR":   filepath.Join(dir, "data"),
		"PHONEPROV_AMI_ADDRESS":         "",
		"PHONEPROV_HTTP_LISTEN":         "127.0.0.1:0",
		"PHONEPROV_ADMIN_LISTEN":        "127.0.0.1:0",
		"PHONEPROV_LOG_LEVEL":           "debug",
		"PHONEPROV_STATE_DIR":           filepath.Join(dir, "state"),
	}
	return func(name string) (string, bool) { v, ok := env[name]; return v, ok }
}
