// Package dialplan is Asterisk's substitution language as res_phoneprov has it:
// ${VARIABLE}, ${VARIABLE:offset:length}, ${FUNCTION(args)} and $[expression].
//
// Parse compiles a text to segments, once: what is a ${} or $[] and where it ends
// is seen in the text alone. Names are not: the inside of a ${} is expanded first
// and only then taken apart into name, arguments and slice, so `${${X}:1}` and
// `${TO${Y}(a)}` work. What a variable or a function yields is never expanded
// again; only EVAL does that.
//
// Expand evaluates a template in an Env, which has all that it may know of the
// world; the zero Env is valid. A function is looked for in Env.Funcs, then in the
// native table (Functions), and then Env.Ask lets Asterisk answer; where that fails
// the expansion fails with ErrCannotAsk, for a file must not have a hole. Asterisk
// is asked for REGEX, and for an expression as EVAL($[...]), where it has what we
// cannot compute to the last digit: a mathematical function, or a regular
// expression that Go has not (ere.Compile says which); and for a power of MATH that shows
// those digits.
//
// An asker need not wait for its answer: it may say ErrPending. The evaluator then
// goes on with what does not depend on it, so that a file's independent calls are
// under way at once, and ends with ErrPending; it starts no goroutine itself, and
// knows nothing of the answer that comes. A Func that expands several texts does
// the same: on to the end, then ErrPending (provision's joined). ErrNoFunction is a
// function that Asterisk does not have: an empty value and a Diagnostic.
//
// A function that would leave a hole is ErrRefused (provision's guarded functions). Call.Ask gives Asterisk variables along.
//
// A regular expression is bounded by text times program (maxRegexSteps), and its machine looks at the context; so do functions
// every bytesPerCheck bytes that they go through.
//
// Limits bound one expansion: Output the bytes of it and of every value on the way,
// Depth the `${`, `$[`, EVAL and included templates open at once, Steps the
// substitutions; maxParse bounds the nesting that Parse looks into, maxExpression
// the parentheses and signs of one $[]. The time is the context's, which is looked
// at every stepsPerCheck substitutions. What a variable's own template takes counts
// for itself: that they do not need themselves is for Lookup to see to.
//
// What Asterisk would log and go on from is a Diagnostic. An error is a limit's
// (ErrTooLong, ErrTooDeep, ErrTooManySteps), the context's, or an effect's own.
// Both may be logged: they name a place, and quote nothing of the template nor of
// what a variable or a function gave, for that may be a password (source.go).
//
// With Env.EscapeXML the text is XML, and what variables, Asterisk and functions give is
// escaped in it; what the template says is not. That is the last step (mark.go): up to
// then every value has the bytes it has in Asterisk, so slices, LEN, expressions and
// where arguments end are the same.
//
// A Plan is a template evaluated for many expansions: what its Planner says never
// varies among them is constant text, and what stands twice is evaluated once.
// What it gives is what the template gives, to the error (FuzzPlan).
//
// The rules are measured, not read: testdata/rows has them all, and its answers are
// captured from Asterisk 22 and 16. Where ours differ on purpose the row says why.
// Besides those, Asterisk cuts the values of ABS, BASENAME, DIRNAME, MAX and MIN at 11
// bytes, those of CSV_QUOTE, FILTER, IF, JSON_DECODE, KEYPADHASH, LTRIM, QUOTE, RTRIM,
// SPRINTF, STRFTIME, TRIM and URIENCODE at 4,095; its TOUPPER and TOLOWER may leave rubbish
// behind a value of 16 bytes or more, or end the server at 4,097, and its MATH ends it
// at -2147483648%-1; we do none of that. In the locale of Asterisk 22 a `.` of a regular
// expression is a character of UTF-8, as here; in that of 16 it is a byte. Random
// templates are compared with both (TestDifferential); what such a comparison has to
// pass over is in known_test.go, each with its reason.
//
// Everything here is safe for concurrent use: a Template never changes after Parse,
// an Env is only read, and each Expand has its state for itself.
package dialplan
