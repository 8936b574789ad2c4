// Package dialplan is Asterisk's substitution language as res_phoneprov has it: ${VARIABLE}, ${VARIABLE:offset:length},
// ${FUNCTION(args)} and $[expression].
//
// # Parsing
//
// Parse compiles a text to segments. It finds each ${} and $[] and its end by the text alone. It does not read names: the
// inside of a ${} is expanded first and then split into name, arguments and slice, so `${${X}:1}` and `${TO${Y}(a)}` work.
// The value of a variable or a function is never expanded again. Only EVAL does that.
//
// # Evaluation
//
// Expand evaluates a template in an Env, which has everything that the template may see. The zero Env is valid. A function
// is looked up in Env.Funcs, then in the native table (Functions). All others are for Asterisk (Env.Ask). If Asterisk cannot
// answer, the expansion fails with ErrCannotAsk, because a file without the answer must not be sent.
//
// Asterisk also answers what we cannot compute to the last digit: EVAL($[...]) for an expression with a mathematical
// function or with a regular expression that Go cannot run (see ere.Compile), REGEX with such an expression, and MATH with a
// power that shows those digits.
//
// An Asker need not wait for an answer: it may return ErrPending. The expansion then continues with everything that does not
// need the answer, so that all independent calls of a file run at once, and ends with ErrPending. It starts no goroutine
// itself. A Func that expands several texts does the same (provision's eachText). ErrNoFunction means that Asterisk has no
// such function: the value is empty and there is a Diagnostic. ErrRefused means that a function is never answered, as
// provision's guarded functions. Call.Ask sends variables to Asterisk together with the call.
//
// # Limits
//
// Limits bound one expansion: Output the bytes of the result and of every intermediate value, Depth the `${`, `$[`, EVAL and
// included templates that are open at once, Steps the substitutions. maxParse bounds the nesting that Parse follows, and
// maxExpression the parentheses and signs of one $[]. A regular expression is bounded by text times program
// (ere.Compile). The context bounds the time: it is checked every stepsPerCheck substitutions, every bytesPerCheck bytes that
// functions read, and while a regular expression runs. The template of a variable is an expansion of its own, with limits of
// its own; Lookup must see to it that no variable needs itself.
//
// # Errors and messages
//
// What Asterisk would only log is a Diagnostic. An error comes from a limit (ErrTooLong, ErrTooDeep, ErrTooManySteps), from
// the context, or from Lookup, Ask or a Func. Diagnostics and errors may be logged: they name a place and never quote the
// template or a value, which may be a password (message_names.go).
//
// # Escaping
//
// With Env.EscapeXML the text is XML, and the values of variables, functions and Asterisk are escaped. The template's own text
// is not. Escaping is the last step (mark.go). Until then every value has the bytes that it has in Asterisk, so slices, LEN,
// expressions and the ends of arguments are the same.
//
// # Plans
//
// A Plan is a template whose parts that never vary have been evaluated. A ${} that stands twice is evaluated once. A plan
// returns what its template returns, errors too (FuzzPlan).
//
// # Differences
//
// The rules are measured. testdata/rows has them all, with answers captured from Asterisk 22 and 16. If ours differs on
// purpose, the row says why. We also do not copy these: Asterisk cuts the values of ABS, BASENAME, DIRNAME, MAX and MIN at 11
// bytes, and those of CSV_QUOTE, FILTER, IF, JSON_DECODE, KEYPADHASH, LTRIM, QUOTE, RTRIM, SPRINTF, STRFTIME, TRIM and
// URIENCODE at 4,095. Its TOUPPER and TOLOWER may append garbage to a value of 16 bytes or more, or crash the server at 4,097,
// and its MATH crashes it at -2147483648%-1. In the locale of Asterisk 22 a `.` of a regular expression is a character of
// UTF-8, as here; in that of 16 it is a byte. TestDifferential compares random templates with both versions; known_test.go
// lists what it skips, with the reasons.
//
// # Concurrency
//
// Everything here is safe for concurrent use: a Template never changes after Parse, an Env is only read, and each expansion
// has its own state.
package dialplan
