// Package device knows phones as devices: their MAC addresses (ParseMAC), the MACs in the names of the files that they
// ask for (ReadName), and what their User-Agents say of vendor, model and firmware (ParseUserAgent).
//
// All functions are pure. The package knows no configuration: the caller passes the vendors whose phones it serves
// (OUIs).
package device
