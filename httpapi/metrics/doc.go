// Package metrics counts for Prometheus. It is the only package that knows its client.
//
// A Set has counters that cmd/phoneprov adds to, and gauges that it reads through Sources when it is scraped. No label has a
// MAC, an address, a User-Agent, or anything else that a client chooses; the labels that come from the configuration are
// bounded in number (bounded). Names is the list of all metrics: the dashboard and the alerts are held against it.
package metrics
