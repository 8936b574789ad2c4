// Package ask evaluates functions of templates, such as ${DB(family/key)}, in Asterisk. The Asker is a dialplan.Asker.
//
// # One question at a time for the same call
//
// Callers that ask the same at the same time share one question (golang.org/x/sync/singleflight). The question goes on when
// its callers go away, because others may have joined it, and because a connection whose answer nobody reads is lost.
// An answer is given again for Options.TTL. An error is never given again, except that Knows remembers a refusal.
//
// Forget starts a new generation. Questions and answers belong to the generation in which they were asked, so after a
// reload of Asterisk no caller gets an answer from before it.
//
// # Connections
//
// Questions have connections of their own, up to Options.Connections, opened when they are needed. On each of them a
// question waits until Asterisk says FullyBooted, because in an Asterisk that is starting every function has an empty value.
// Options.AssumeBooted decides for an account that Asterisk does not send FullyBooted.
//
// A question has Options.Timeout in all. It may wait three quarters of that for a connection; a question that is late then
// loses its connection. Turns keep a function that hangs, as one of a database can, from taking every connection:
//
//   - a function has all connections but one;
//   - a function that was late has one connection until it answers in time;
//   - all functions that were late leave one connection to the others.
//
// Two functions that begin to hang in the same moment can still take all connections until the first timeout.
//
// # Whole values
//
// An answer is the whole value or an error. Getvar cuts a value at 1,022 bytes, and an empty line in a value looks like the
// end of the message. So EVAL evaluates the call with a random end mark behind it, for which package ami waits. A longer
// value is read in slices, twice, if the function only reads. DB and DB_EXISTS are read with the action DBGet. EVAL has a
// channel of its own for each evaluation: a SET in front of the call gives functions the variables of a phone
// (see provision.guardedFunctions), and many evaluations do not disturb each other.
//
// Getvar needs write = reporting, DBGet system or reporting, and EVAL both: without system, Asterisk answers "GetVar Access
// Forbidden", and calls are then asked as they stand.
package ask
