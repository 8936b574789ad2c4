package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"syscall"

	"github.com/phoneprov/phoneprov/httpapi"
	"github.com/phoneprov/phoneprov/httpapi/pnp"
	"github.com/phoneprov/phoneprov/httpapi/tftp"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
)

// doors are the ways to phones besides HTTP. A nil socket is a door that is not open.
type doors struct {
	tftp *net.UDPConn
	pnp  *pnp.Sockets
	url  string // http.url
}

// filesOfDoors is how many files the doors may have open.
func (s *settings) filesOfDoors() int {
	if s.tftpListen == "" {
		return 0
	}
	return tftp.MaxFiles
}

// openDoors binds the doors, and says what each cannot check.
func (v *service) openDoors(s *settings) (err error) {
	v.doors.url = s.httpURL
	if s.tftpListen != "" {
		if v.doors.tftp, err = listenTFTP(s.tftpListen); err != nil {
			return err
		}
		v.log.Info().Stringer("tftp", v.doors.tftp.LocalAddr()).
			Msg("serving over TFTP, which has no passwords, no certificates and no encryption, and where an address may be forged: " +
				"only phones whose address is enough get files")
	}
	if s.pnpListen == "" {
		return nil
	}
	if v.doors.pnp, err = listenPnP(s.pnpListen); err != nil {
		return err
	}
	line := v.log.Info().Stringer("pnp", v.doors.pnp.Addr())
	if v.options.Access.Login == nil {
		line.Msg("answering SIP PnP, which cannot check who asks: a phone gets the URL of its files, and no secret")
		return nil
	}
	v.options.Access.Links = httpapi.NewLinks()
	line.Msg("answering SIP PnP, which cannot check who asks: on the LAN, whoever names a phone's MAC gets a link to that phone's files, " +
		"which is valid once and for " + httpapi.LinkAge.String())
	return nil
}

func listenTFTP(address string) (*net.UDPConn, error) {
	addr, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, fmt.Errorf("tftp.listen: %w", err)
	}
	conn, err := net.ListenUDP("udp", addr)
	if errors.Is(err, syscall.EACCES) {
		err = fmt.Errorf("%w: ports below 1024 need the capability CAP_NET_BIND_SERVICE", err)
	}
	if err != nil {
		return nil, fmt.Errorf("tftp.listen: %w", err)
	}
	return conn, nil
}

func listenPnP(address string) (*pnp.Sockets, error) {
	sockets, err := pnp.Listen(address)
	if errors.Is(err, syscall.EADDRINUSE) {
		err = fmt.Errorf("%w: if Asterisk has that port on all addresses, give its transport one address (bind = 192.0.2.1 in pjsip.conf)", err)
	}
	if err != nil {
		return nil, fmt.Errorf("pnp.listen: %w", err)
	}
	return sockets, nil
}

// serving returns what serves the open doors until its context ends.
func (d doors) serving(v *service) (all []func(context.Context) error) {
	if d.tftp != nil {
		all = append(all, func(ctx context.Context) error {
			return tftp.New(v.options, v.reachedAt).Serve(ctx, d.tftp, v.log)
		})
	}
	if d.pnp != nil {
		all = append(all, pnp.New(d.pnp, v.inviter(), v.log).Serve)
	}
	return all
}

// inviter returns what answers phones that ask where their files are.
func (v *service) inviter() pnp.Invite {
	in := httpapi.NewInviter(v.options)
	return func(mac device.MAC, remote netip.Addr) (string, bool, bool) {
		path, linked, ok := in.Path(mac, remote)
		scheme, host := v.reachedAt(netip.Addr{}, remote)
		return scheme + "://" + host + path, linked, ok
	}
}

// reachedAt implements tftp.Origin. Without http.url it is our address as the phone sees it, with the port of http.listen
// or https.listen.
func (v *service) reachedAt(local, remote netip.Addr) (scheme, host string) {
	if u, err := url.Parse(v.doors.url); err == nil && u.Host != "" {
		return u.Scheme, u.Host
	}
	l, scheme, usual := v.phones, "http", 80
	if l == nil {
		l, scheme, usual = v.https, "https", 443
	}
	bound, _ := l.Addr().(*net.TCPAddr)
	if bound == nil {
		return scheme, ""
	}
	addr := bound.AddrPort().Addr().Unmap()
	if addr.IsUnspecified() {
		if addr = local; !addr.IsValid() || addr.IsUnspecified() {
			addr = pnp.LocalAddr(remote)
		}
	}
	addr = addr.WithZone("")
	switch {
	case bound.Port != usual:
		return scheme, netip.AddrPortFrom(addr, uint16(bound.Port)).String()
	case addr.Is6():
		return scheme, "[" + addr.String() + "]"
	}
	return scheme, addr.String()
}

// close closes the sockets. They may be closed already.
func (d doors) close() error {
	var errs []error
	if d.tftp != nil {
		errs = append(errs, d.tftp.Close())
	}
	if d.pnp != nil {
		errs = append(errs, d.pnp.Close())
	}
	for i, err := range errs {
		if errors.Is(err, net.ErrClosed) {
			errs[i] = nil
		}
	}
	return errors.Join(errs...)
}

// tryDoors opens the doors for a moment, for check. running says that the phoneprov with these settings has them open.
func tryDoors(s *settings, running func() bool) (found []provision.Diagnostic) {
	report := func(err error) {
		if err != nil && !(errors.Is(err, syscall.EADDRINUSE) && running()) {
			found = append(found, provision.Diagnostic{Severity: provision.Error, Message: err.Error()})
		}
	}
	var d doors
	var err error
	if s.tftpListen != "" {
		d.tftp, err = listenTFTP(s.tftpListen)
		report(err)
	}
	if s.pnpListen != "" {
		d.pnp, err = listenPnP(s.pnpListen)
		report(err)
	}
	report(d.close())
	if s.httpURL == "" && (s.tftpListen != "" || s.pnpListen != "") && s.onlyLocal() {
		found = append(found, provision.Diagnostic{Severity: provision.Warning,
			Message: "http.url is empty, and http.listen and https.listen are addresses that only this machine reaches: phones that come by TFTP or SIP PnP are told one of these"})
	}
	return found
}

// onlyLocal reports whether only this machine reaches the addresses of HTTP.
func (s *settings) onlyLocal() bool {
	return (s.httpListen == "" || onLoopback(s.httpListen)) && (s.httpsListen == "" || onLoopback(s.httpsListen))
}

// setHTTPURL parses a URL without a path.
func setHTTPURL(s *settings, v string) error {
	s.httpURL = v
	_, err := originOf(v)
	return err
}

// setMoveTo parses the same.
func setMoveTo(s *settings, v string) (err error) {
	s.moveTo, err = originOf(v)
	return err
}

// originOf parses a URL without a path. Empty is the zero Origin.
func originOf(v string) (o provision.Origin, err error) {
	if v == "" {
		return o, nil
	}
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || v != u.Scheme+"://"+u.Host || !validPort(u.Port()) {
		return o, fmt.Errorf("%q is not a scheme and a host: want https://phones.example.com, without a path", v)
	}
	return provision.Origin{Scheme: u.Scheme, Host: u.Host}, nil
}

func validPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0
}

// udpAddress parses host:port of UDP.
func udpAddress(f field) func(*settings, string) error {
	return func(s *settings, v string) error {
		if v != "" {
			host, port, err := net.SplitHostPort(v)
			if err != nil {
				return fmt.Errorf("%q is not an address: want host:port", v)
			}
			if _, err := net.LookupPort("udp", port); err != nil {
				return fmt.Errorf("%q has no valid port", v)
			}
			if a, err := netip.ParseAddr(host); err == nil && a.IsMulticast() && a.Is6() {
				return fmt.Errorf("%q is a multicast group of IPv6: phones know 224.0.1.75 only", v)
			}
		}
		*f(s) = v
		return nil
	}
}
