package provision

import "github.com/phoneprov/phoneprov/provision/device"

// Found is what a snapshot knows of a name.
type Found struct {
	Route *Route // nil: there is no such file
	// MAC is that of the phone whose file it is, or would be. Zero: it is nobody's own, or of a phone without a MAC.
	MAC   device.MAC
	Phone *Phone // whose own file it is, or would be; nil: no phone that is served
	// Name is the name as it was read, where there is no such file.
	Name device.Name
}

// Lookup finds the file of a URI (without prefix and the slash before it), exactly as it is written; else the file of
// the phone whose MAC is in the URI, in any case and with any separators, see ReadName. Nil: there is no such file.
func (s *Snapshot) Lookup(uri string) *Route { return s.Find(uri).Route }

// Find tells what a name stands for: a route, exactly as it is written or with the MAC of its owner spelt in another way;
// or whose file it would be.
func (s *Snapshot) Find(uri string) Found {
	if number := s.routes.find(uri); number >= 0 {
		return s.atRoute(number)
	}
	return s.findSpelt(uri)
}

// FindEvenly is Find, and does the same work whether there is such a file or not: its time tells a stranger nothing.
func (s *Snapshot) FindEvenly(uri string) Found {
	number, spelt := s.routes.find(uri), s.findSpelt(uri)
	if number < 0 {
		return spelt
	}
	return s.atRoute(number)
}

// FindUpload tells whose a name is that a phone sends a file under, whatever routes there are.
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

// findSpelt reads the MAC of a name that is no route as it is written. The steps are the same for every MAC.
func (s *Snapshot) findSpelt(uri string) Found {
	f := Found{Name: device.ReadNameOf(uri, s.vendors)}
	if f.Name.MAC == (device.MAC{}) {
		return f
	}
	f.MAC = f.Name.MAC
	var room [device.MaxName]byte
	phone := s.phonesByID.findBytes(f.MAC.AppendTo(room[:0]), s.idOf)
	route := s.routes.findSpelt(device.AppendRespelt(room[:0], uri, f.MAC), f.MAC)
	if phone < 0 {
		return f
	}
	f.Phone = s.phoneList[phone]
	if route >= 0 && int(s.routes.list[route].owner) == phone {
		f.Route = s.route(route)
	}
	return f
}

func (s *Snapshot) idOf(number int) string { return s.phoneList[number].ID }

// PhoneOf finds the phone of a MAC; nil: there is none.
func (s *Snapshot) PhoneOf(mac device.MAC) *Phone {
	var room [2 * len(mac)]byte
	if number := s.phonesByID.findBytes(mac.AppendTo(room[:0]), s.idOf); number >= 0 {
		return s.phoneList[number]
	}
	return nil
}
