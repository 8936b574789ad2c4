// Package pnp tells phones where their files are, when they ask by SIP PnP.
//
//	SUBSCRIBE, Event: ua-profile ─> readRequest ─> Invite (httpapi.Inviter) ─> 200 OK, NOTIFY with the URL
//
// A phone without a server sends a SUBSCRIBE for the event ua-profile to the multicast group 224.0.1.75, port 5060. The
// user part of the request's URI has the phone's MAC. A Server answers from a socket of its own, so that the phone's
// responses reach us although Asterisk has port 5060.
//
// # Limits
//
// A packet has at most maxPacket bytes. A Server remembers at most maxExchanges requests, maxOfSource of one address,
// and each for exchangeAge. It answers new requests at the pace newPerSecond. It sends a NOTIFY at most maxNotifies
// times, and only to the address of the request. It answers a repeated request at most maxAnswers times, and any other
// packet never.
//
// # Concurrency
//
// Serve owns a goroutine for each socket, and joins them.
package pnp
