// Package pnp tells phones where their files are, when they ask by SIP PnP.
//
//	SUBSCRIBE, Event: ua-profile ─> readRequest ─> Invite (httpapi.Inviter) ─> 200 OK, NOTIFY with the URL
//
// A phone without a server sends a SUBSCRIBE for the event ua-profile to the multicast group 224.0.1.75, port 5060. Its MAC is
// in the user part of the request's URI. The answer comes from a socket of its own, so that the phone's responses reach us
// although Asterisk has port 5060.
//
// # Limits
//
// A packet has at most maxPacket bytes. At most maxExchanges requests are remembered, each for exchangeAge, and
// maxOfSource of one address. Requests that are not repeated ones are answered at a pace of newPerSecond. A NOTIFY is sent at most maxNotifies times, to the address of the request only, and a repeated
// request gets its answer at most maxAnswers times. Anything else that comes has no answer.
//
// # Concurrency
//
// Serve owns a goroutine for each socket, and joins them.
package pnp
