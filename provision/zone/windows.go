package zone

import "strings"

// Windows returns Windows' name of a zone of the time-zone database; empty: it has none.
func Windows(zone string) string {
	for _, w := range windowsZones {
		for known := range strings.SplitSeq(w.zones, " ") {
			if known == zone {
				return w.name
			}
		}
	}
	return ""
}
