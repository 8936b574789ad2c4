// Package dhcp has configurations of DHCP servers that tell phones where phoneprov is. Its tests start the servers, and ask
// them as phones do.
package dhcp
