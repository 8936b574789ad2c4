package provision

import "github.com/phoneprov/phoneprov/provision/device"

// Found is what a snapshot knows of a file name.
type Found struct {
	Route *Route // nil: there is no such file
	// MAC is the MAC of the phone that owns the file, or would own it. It is zero if nobody does, or if that phone has
	// no MAC.
	MAC   device.MAC
	Phone *Phone // the phone that owns the file, or would own it; nil: no phone that is served
	// Name is the name with the MAC in it, if there is no such file.
	Name device.Name
}

// Lookup returns the route of a URI (without the prefix and the slash after it): the URI exactly as written, or else
// with the MAC in it spelt in another way, see device.ReadName. It is nil if there is no such file.
func (s *Snapshot) Lookup(uri string) *Route { return s.Find(uri).Route }

// Find returns what a name stands for: a route, as written or with its owner's MAC spelt in another way, or else the
// phone that would own such a file.
func (s *Snapshot) Find(uri string) Found {
	if s.parts != nil {
		return s.findJoined(uri)
	}
	if number := s.routes.find(uri); number >= 0 {
		return s.atRoute(number)
	}
	return s.findSpelt(uri)
}

// FindEvenly is Find, but does the same work whether there is such a file or not, so that its duration tells a stranger
// nothing.
func (s *Snapshot) FindEvenly(uri string) Found {
	if s.parts != nil {
		return s.findJoined(uri)
	}
	number, spelt := s.routes.find(uri), s.findSpelt(uri)
	if number < 0 {
		return spelt
	}
	return s.atRoute(number)
}

// FindUpload returns the phone that owns a name under which a phone sends a file. Routes do not matter.
func (s *Snapshot) FindUpload(uri string) Found {
	f := s.findSpelt(uri)
	f.Route = nil
	return f
}

func (s *Snapshot) atRoute(number int) Found {
	f := Found{Route: s.route(number)}
	if f.Phone = f.Route.Owner; f.Phone != nil {
		f.MAC = f.Phone.MAC
	}
	return f
}

// findSpelt finds a name by the MAC in it. It takes the same steps for every MAC.
func (s *Snapshot) findSpelt(uri string) Found {
	f := Found{Name: device.ReadNameOf(uri, s.vendors)}
	if f.Name.MAC == (device.MAC{}) {
		return f
	}
	f.MAC = f.Name.MAC
	var room [device.MaxName]byte
	phone := s.phonesByID.findBytes(f.MAC.AppendTo(room[:0]), s.idOf)
	if phone >= 0 {
		f.Phone = s.phoneList[phone]
	}
	name := device.AppendRespelt(room[:0], uri, f.MAC)
	if s.parts == nil {
		f.Route = s.speltRoute(name, f.MAC, f.Phone)
	}
	for _, part := range s.parts {
		if rt := part.speltRoute(name, f.MAC, f.Phone); rt != nil {
			f.Route = rt
		}
	}
	return f
}

// speltRoute returns the route that findSpelt of routes finds, if the phone owns it; else nil.
func (s *Snapshot) speltRoute(name []byte, mac device.MAC, owner *Phone) *Route {
	number := s.routes.findSpelt(name, mac)
	if number < 0 || owner == nil {
		return nil
	}
	if of := s.routes.list[number].owner; of == noPhone || s.phoneList[of] != owner {
		return nil
	}
	return s.route(number)
}

func (s *Snapshot) idOf(number int) string { return s.phoneList[number].ID }

// PhoneOf returns the phone of a MAC, or nil.
func (s *Snapshot) PhoneOf(mac device.MAC) *Phone {
	var room [2 * len(mac)]byte
	if number := s.phonesByID.findBytes(mac.AppendTo(room[:0]), s.idOf); number >= 0 {
		return s.phoneList[number]
	}
	return nil
}
