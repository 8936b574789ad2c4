package httpapi

import (
	"net/http"
	"strings"
)

// fromBrowser reports a request of a web browser. A page of any site can make the browsers on a LAN send requests to
// us, without anybody knowing. No phone sends Origin, or a header that begins with Sec-, which only browsers can set.
// Browsers omit Sec- over plain HTTP, so the User-Agent counts as well.
func fromBrowser(r *http.Request, c *client) bool {
	for name := range r.Header {
		if name == "Origin" || strings.HasPrefix(name, "Sec-") {
			return true
		}
	}
	return browserAgent(r.UserAgent(), c)
}

// browserWords occur in the User-Agents of browsers. All current browsers, webviews included, say Mozilla/5.0 and the
// name of their engine; old ones say one of the two. Lynx and the like run no scripts, but send forms of other sites.
var browserWords = [...]string{
	"Mozilla/", "AppleWebKit", "Gecko/", "Trident/", "MSIE ", "Presto/", "Opera/", "NetSurf/", "Dillo/", "Lynx/", "Links (", "ELinks", "w3m/",
	"UP.Browser", "UCWEB", "UCBrowser",
}

// engineWords are names of engines, which no phone has that pretends to be a browser.
var engineWords = [...]string{"AppleWebKit", "Gecko", "Trident/", "Presto/", "KHTML", "Chrome/", "Firefox/", "Safari/"}

// browserAgent reports the User-Agent of a browser. If the vendor of a phone is known, it is no browser.
func browserAgent(agent string, c *client) bool {
	if strings.HasPrefix(agent, "Mozilla/") {
		return !mozillaPhone(agent)
	}
	return c.device.Vendor == "" && containsAny(agent, browserWords[:])
}

// mozillaPhone reports the User-Agent of a phone that calls itself Mozilla. Two vendors have such phones:
//
// \tMozilla/4.0 (compatible; snomD785-SIP 10.1.33.33 2010.12-00004-g9ba52f5 000413922D24 SXM:0 UXM:0)
// \tMozilla/4.0 (compatible; Snom M900 05.20.0001 000413b60680)
// \tMozilla/4.0 (compatible; MSIE 6.0) AVAYA/J179-4.1.3.0.6 (MAC:c81fea83e85a)
func mozillaPhone(agent string) bool {
	its, ok := strings.CutPrefix(agent, "Mozilla/4.0 (compatible; ")
	if !ok || containsAny(agent, engineWords[:]) {
		return false
	}
	return strings.HasPrefix(its, "snom") || strings.HasPrefix(its, "Snom") || strings.HasPrefix(its, "MSIE 6.0) AVAYA/")
}

func containsAny(s string, words []string) bool {
	for _, word := range words {
		if strings.Contains(s, word) {
			return true
		}
	}
	return false
}
