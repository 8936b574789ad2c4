// Package amiserver is an AMI server that answers as Asterisk 22 does, with the configuration files of a directory. It is for
// `phoneprov demo`, and for tests, which make it misbehave.
//
// It knows the actions that package amisync sends: Login, Logoff, Ping, Events, CoreSettings, ListCommands, GetConfig, Getvar,
// DBGet, PJSIPShowEndpoint, PJSIPShowEndpoints, PJSIPShowContacts, SIPpeers and IAXpeers. Any other action is an unknown
// command. Files are read when they are asked for. No peer is ever online.
//
// Serve gives each connection a goroutine; Close ends them and waits for them. Options.Intercept sees every action before
// it is answered, and may answer it with anything at all.
package amiserver
