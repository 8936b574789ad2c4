package dialplan

import "context"

// Function is one row of the native table. The reference of the language is generated from it.
type Function struct {
	Name     string
	Args     string // the arguments, with optional ones in []; empty: none
	Synopsis string
	Example  string // a template
	run      nativeFunc
	// varies is what the value depends on, besides the arguments and the variables that the function looks up.
	varies With
}

// nativeFunc answers a call of a native function.
type nativeFunc func(ctx context.Context, c *Call) (string, error)

// Functions is the native table: functions that need nothing that only Asterisk knows.
func Functions() []Function {
	return []Function{
		{"ABS", "number", "the number without its sign, with 6 decimals where it is not a C int", "${ABS(${TZOFFSET})}", abs, 0},
		{"BASE64_DECODE", "text", "what the base64 text stands for, up to a zero byte", "${BASE64_DECODE(aGVsbG8=)}", base64Decode, 0},
		{"BASE64_ENCODE", "text", "the text in base64", "${BASE64_ENCODE(${USERNAME}:${SECRET})}", base64Encode, 0},
		{"BASENAME", "path", "the last part of a path", "${BASENAME(/firmware/t46s.rom)}", baseName, 0},
		{"CSV_QUOTE", "text", "the text in quotes for a CSV file, with quotes doubled", "${CSV_QUOTE(${DISPLAY_NAME})}", csvQuote, 0},
		{"CUT", "name,delimiter,fields", "fields of a variable's value, as 1, 2-, -3 or 1&3-4", "${CUT(DISPLAY_NAME, ,1)}", cut, 0},
		{"DIGIT_SUM", "text", "the sum of the digits in the text", "${DIGIT_SUM(${USERNAME})}", digitSum, 0},
		{"DIRNAME", "path", "a path without its last part", "${DIRNAME(/firmware/t46s.rom)}", dirName, 0},
		{"EVAL", "text", "the text expanded once more", "${EVAL(${LABEL})}", eval, 0},
		{"EXISTS", "text", "1, or 0 where the text is empty", "${EXISTS(${LABEL})}", exists, 0},
		{"FIELDNUM", "name,delimiter,text", "which field of a variable's value is the text, from 1, in any case; 0: none", "${FIELDNUM(DISPLAY_NAME, ,Smith)}", fieldNum, 0},
		{"FIELDQTY", "name,delimiter", "how many fields a variable's value has", "${FIELDQTY(CALLERID, )}", fieldQty, 0},
		{"FILTER", "allowed,text", "the characters of the text that are allowed, as in 0-9a-f", "${FILTER(0-9,${CALLERID})}", filter, 0},
		{"IF", "condition?then[:else]", "then, or else where the condition is 0", "${IF($[${LINE}=1]?first:other)}", choose, 0},
		{"IFTIME", "times[,weekdays[,mdays[,months[,zone]]]]?then[:else]", "then, or else where it is another time now", "${IFTIME(08:00-17:59,mon-fri,*,*,${TIMEZONE}?day:night)}", ifTime, Unpredictable},
		{"ISNULL", "text", "1 where the text is empty, else 0", "${ISNULL(${LABEL})}", isNull, 0},
		{"JSON_DECODE", "name,key[,separator[,options]]", "what a variable's JSON has at a key such as a.0.b; option c counts an array", "${JSON_DECODE(SETTINGS,ring.volume)}", jsonDecode, 0},
		{"JSON_ESCAPE", "text", "the text for use between the quotes of a JSON string; not in Asterisk", `{"name": "${JSON_ESCAPE(${DISPLAY_NAME})}"}`, jsonEscape, 0},
		{"KEYPADHASH", "text", "the letters and digits of the text as keys of a telephone", "${KEYPADHASH(${DISPLAY_NAME})}", keypadHash, 0},
		{"LEN", "text", "the length of the text in bytes", "${LEN(${LABEL})}", length, 0},
		{"LISTFILTER", "name,delimiter,text", "a variable's value without the fields that are the text", "${LISTFILTER(CODECS,&,gsm)}", listFilter, 0},
		{"LTRIM", "text", "the text without the blanks before it", "${LTRIM( ${LABEL})}", trimLeft, 0},
		{"MATH", "number operator number[,f|i|h|c]", "a sum in C's double, as float, int, hex or char; TRUE or FALSE of a comparison", "${MATH(${LINE}*2,int)}", calculate, 0},
		{"MAX", "number[,number]", "the greater of two numbers", "${MAX(${LINEKEYS},2)}", maximum, 0},
		{"MD5", "text", "the MD5 sum of the text in hexadecimal", "${MD5(${USERNAME}:asterisk:${SECRET})}", md5Sum, 0},
		{"MIN", "number[,number]", "the lesser of two numbers", "${MIN(${LINEKEYS},6)}", minimum, 0},
		{"PASSTHRU", "text", "the text, for functions that want a variable's name", "${PASSTHRU(${MAC}-${LINE})}", passThrough, 0},
		{"QUOTE", "text", "the text in quotes, with \\ before quotes and backslashes", "${QUOTE(${LABEL})}", quote, 0},
		{"RAND", "[least[,most]]", "a whole number by chance, both ends included; another one each time", "${RAND(300,900)}", random, Unpredictable},
		{"REGEX", "\"expression\" text", "1 where the POSIX expression is found in the text, else 0; \\\\ is one backslash of it", "${REGEX(\"^[0-9]{4}$\" ${USERNAME})}", matches, 0},
		{"REPLACE", "name,characters[,character]", "a variable's value with each of the characters replaced or left out", "${REPLACE(LABEL, ,_)}", replace, 0},
		{"RTRIM", "text", "the text without the blanks behind it", "${RTRIM(${LABEL} )}", trimRight, 0},
		{"SHA1", "text", "the SHA-1 sum of the text in hexadecimal", "${SHA1(${MAC})}", sha1Sum, 0},
		{"SORT", "key:value[,key:value...]", "the keys in the order of their values, which are numbers", "${SORT(home:2,office:1)}", sortKeys, 0},
		{"SPRINTF", "format[,value...]", "the values written as C's printf does", "${SPRINTF(%02d:%02d,8,5)}", sprintf, 0},
		{"SQL_ESC", "text", "the text with each ' doubled, for SQL", "${SQL_ESC(${DISPLAY_NAME})}", sqlEsc, 0},
		{"SQL_ESC_BACKSLASHES", "text", "the text with each \\ doubled, for SQL", "${SQL_ESC_BACKSLASHES(${DISPLAY_NAME})}", sqlEscBackslashes, 0},
		{"STAT", "d|e|f|m|s|A|C|M,path", "a file's kind, existence, mode, size or time; 0 where there is none", "${STAT(e,${MAC}.ring)}", stat, Unpredictable},
		{"STRBETWEEN", "name,text", "a variable's value with the text between its bytes", "${STRBETWEEN(USERNAME,-)}", strBetween, 0},
		{"STRFTIME", "[epoch[,zone[,format]]]", "a time; now, the server's zone and %c where left out", "${STRFTIME(${EPOCH},${TIMEZONE},%F %T)}", strftime, Unpredictable},
		{"STRPTIME", "time,[zone],format", "the seconds since 1970 of a time that is written in the format", "${STRPTIME(2026-03-01 07:30,Europe/Vienna,%Y-%m-%d %H:%M)}", strptime, Unpredictable},
		{"STRREPLACE", "name,find[,replacement[,most]]", "a variable's value with a text replaced", "${STRREPLACE(LABEL,&,and)}", strReplace, 0},
		{"TESTTIME", "date,time[,zone]", "empty: it can only be set, for a channel", "${TESTTIME(2026-03-01,07:30:00)}", testTime, 0},
		{"TOLOWER", "text", "the text with A to Z in lower case", "${TOLOWER(${MAC})}", lower, 0},
		{"TOUPPER", "text", "the text with a to z in upper case", "${TOUPPER(${MAC})}", upper, 0},
		{"TRIM", "text", "the text without the blanks around it", "${TRIM( ${LABEL} )}", trimBoth, 0},
		{"URIDECODE", "text", "the text with each %XX taken for a byte", "${URIDECODE(Zo%C3%AB)}", uriDecode, 0},
		{"URIENCODE", "text", "the text for use in a URI", "${URIENCODE(${DISPLAY_NAME})}", uriEncode, 0},
		{"UUID", "", "a random UUID; another one each time", "${UUID()}", uuid, Unpredictable},
		{"VARIABLE_EXISTS", "name", "1 where there is a variable of that name, even an empty one, else 0", "${VARIABLE_EXISTS(LABEL)}", variableExists, 0},
		{"XML_ESCAPE", "text", "the text for use in XML, what is an entity already as it is; not in Asterisk", "<name>${XML_ESCAPE(${DISPLAY_NAME})}</name>", xmlEscape, 0},
	}
}

// native has the rows of Functions by name.
var native = byName(Functions())

func byName(rows []Function) map[string]*Function {
	m := make(map[string]*Function, len(rows))
	for i := range rows {
		m[rows[i].Name] = &rows[i]
	}
	return m
}

// Volatile reports whether the function has another value at every call.
func (f Function) Volatile() bool { return Volatile(f.Name) }

// Known reports whether a function is native.
func Known(name string) bool { _, ok := native[name]; return ok }
