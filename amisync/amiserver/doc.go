// Package amiserver answers on Asterisk's manager interface as Asterisk 22 does, from a directory of its configuration: for
// `phoneprov demo`, and for tests, which make it misbehave.
//
// It knows what package amisync asks: Login, Logoff, Ping, Events, CoreSettings, GetConfig, PJSIPShowEndpoint,
// PJSIPShowEndpoints, PJSIPShowContacts, SIPpeers, IAXpeers and Getvar; anything else is an unknown command. Files are read
// whenever they are asked for. Nothing ever registers with it, so no peer is online.
//
// Serve gives each connection a goroutine; Close ends them and waits for them. Options.Intercept sees every action before
// it is answered and may answer itself, with anything at all.
package amiserver
