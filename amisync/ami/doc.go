// Package ami holds one connection to Asterisk's manager interface (AMI). It is the only package that imports amigo.
//
//	Connect ──> Conn: Do, List, GetConfig, Ping ──> bridge ──> Asterisk
//	            onEvent <── amigo <── bridge <── framer <── Asterisk
//
// # Contract
//
// Connect dials, logs in and asks for events. A Conn that is lost stays lost: Done is closed, and Err says why. Each action
// has its caller's deadline. An action that is late ends the connection, because its answer could still come, and would be
// taken for the answer to the next action. Close waits until everything that belongs to the connection has ended.
//
// # The bridge
//
// amigo does not talk to Asterisk itself. It talks to a bridge on loopback, which dials Asterisk. The bridge works around
// these faults of amigo, each of which has a test (TestAmigo…):
//
//   - it connects again for ever, and reports every fault as "error";
//   - it loses bytes that follow the answer to the login;
//   - it cuts values at a line feed and drops their leading blanks, and takes a line of about 8,192 bytes for two;
//   - it hangs in Action after its writer has ended, and leaks its reader and prints to stderr when it is closed;
//   - it knows neither TLS nor IPv6.
//
// So there is one amigo for one connection. The framer cuts Asterisk's bytes into whole messages and escapes their values;
// decode removes the escapes behind amigo. CheckField refuses a value that would become a header or an action of its own.
// Only the bridge knows the secret; amigo logs in to the bridge with a random token.
//
// # Bounds
//
// What a peer sends is bounded per message, per list, in bytes and in number. Beyond a bound the connection ends.
//
// # Concurrency
//
// The methods of Conn may be called from any goroutine; amigo does one action at a time. amigo's goroutine calls onEvent,
// which must not block. Target.Ending counts the goroutines that take lost connections apart.
//
// # TLS
//
// TLS.Dial speaks TLS 1.2 or newer, and sends nothing before Asterisk's certificate has been verified. Measured on 16 and 22: with
// enabled=no in manager.conf, which closes the plain port, the TLS port accepts logins and actions but sends no event
// after FullyBooted, so reloads are not seen. bindaddr=127.0.0.1 closes the plain port without that.
package ami
