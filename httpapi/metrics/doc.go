// Package metrics counts for Prometheus. Only this package imports the Prometheus client.
//
// cmd/phoneprov adds to the counters of a Set. A scrape reads the gauges through Sources. No label has a MAC, an
// address, a User-Agent, or anything else that a client chooses. Labels that come from the configuration have a bounded
// number of values (bounded). Names lists all metrics; tests compare the dashboard and the alerts with it.
package metrics
