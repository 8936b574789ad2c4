// Command phoneprov gives phones their configuration files, rendered from the configuration of a running Asterisk.
//
// run (commands.go) finds the subcommand in a table and calls it; each subcommand has a file of its own. settings.go has the
// table of the settings in phoneprov.ini and the environment. serve and demo run the same service (service.go): it binds the
// listeners, then everything serves. At the end HTTP ends first, then the sync with its connections to Asterisk.
package main
