package device

// VendorOfMAC is who made the device of a MAC, by its first three bytes; empty: no maker of phones that is known.
func VendorOfMAC(mac MAC) string { return "" }
