// Command phoneprov gives phones their configuration files, rendered from the configuration of a running Asterisk.
//
// run finds the subcommand in a table and calls it; each has a file of its own. What is read from phoneprov.ini and the
// environment is in settings.go, one table. serve and demo run the same service (service.go): the listeners are bound
// first, then everything serves, and the end is HTTP first, then the synchronisation, which ends the AMI connection.
package main
