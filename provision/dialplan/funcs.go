package dialplan

// Function is one row of the native table, from which the reference of the
// language is generated.
type Function struct {
	Name     string
	Args     string // what stands between the parentheses; [what may be missing]
	Synopsis string
	Example  string // a template
	run      Func
}

// Functions is the native table: what needs nothing that only Asterisk knows.
func Functions() []Function {
	return []Function{
		{"BASE64_ENCODE", "text", "the text in base64", "${BASE64_ENCODE(${USERNAME}:${SECRET})}", base64Encode},
		{"CUT", "name,delimiter,fields", "fields of a variable's value, as 1, 2-, -3 or 1&3-4", "${CUT(DISPLAY_NAME, ,1)}", cut},
		{"EVAL", "text", "the text expanded once more", "${EVAL(${LABEL})}", eval},
		{"EXISTS", "text", "1, or 0 where the text is empty", "${EXISTS(${LABEL})}", exists},
		{"FIELDQTY", "name,delimiter", "how many fields a variable's value has", "${FIELDQTY(CALLERID, )}", fieldQty},
		{"FILTER", "allowed,text", "the characters of the text that are allowed, as in 0-9a-f", "${FILTER(0-9,${CALLERID})}", filter},
		{"IF", "condition?then[:else]", "then, or else where the condition is 0", "${IF($[${LINE}=1]?first:other)}", choose},
		{"ISNULL", "text", "1 where the text is empty, else 0", "${ISNULL(${LABEL})}", isNull},
		{"JSON_ESCAPE", "text", "the text for use between the quotes of a JSON string; not in Asterisk", `{"name": "${JSON_ESCAPE(${DISPLAY_NAME})}"}`, jsonEscape},
		{"LEN", "text", "the length of the text in bytes", "${LEN(${LABEL})}", length},
		{"MD5", "text", "the MD5 sum of the text in hexadecimal", "${MD5(${USERNAME}:asterisk:${SECRET})}", md5Sum},
		{"QUOTE", "text", "the text in quotes, with \\ before quotes and backslashes", "${QUOTE(${LABEL})}", quote},
		{"REPLACE", "name,characters[,character]", "a variable's value with each of the characters replaced or left out", "${REPLACE(LABEL, ,_)}", replace},
		{"SHA1", "text", "the SHA-1 sum of the text in hexadecimal", "${SHA1(${MAC})}", sha1Sum},
		{"STAT", "d|e|f|m|s|A|C|M,path", "a file's kind, existence, mode, size or time; 0 where there is none", "${STAT(e,${MAC}.ring)}", stat},
		{"STRFTIME", "[epoch[,zone[,format]]]", "a time; now, the server's zone and %c where left out", "${STRFTIME(${EPOCH},${TIMEZONE},%F %T)}", strftime},
		{"STRREPLACE", "name,find[,replacement[,most]]", "a variable's value with a text replaced", "${STRREPLACE(LABEL,&,and)}", strReplace},
		{"TOLOWER", "text", "the text with A to Z in lower case", "${TOLOWER(${MAC})}", lower},
		{"TOUPPER", "text", "the text with a to z in upper case", "${TOUPPER(${MAC})}", upper},
		{"URIENCODE", "text", "the text for use in a URI", "${URIENCODE(${DISPLAY_NAME})}", uriEncode},
		{"XML_ESCAPE", "text", "the text for use in XML, what is an entity already as it is; not in Asterisk", "<name>${XML_ESCAPE(${DISPLAY_NAME})}</name>", xmlEscape},
	}
}

// native is Functions by name, made once.
var native = byName(Functions())

func byName(rows []Function) map[string]Func {
	m := make(map[string]Func, len(rows))
	for _, f := range rows {
		m[f.Name] = f.run
	}
	return m
}

// Known tells whether a function is native.
func Known(name string) bool { _, ok := native[name]; return ok }
