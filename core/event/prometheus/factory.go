package prometheus

import "github.com/prometheus/client_golang/prometheus"

// factory makes metrics under this program's name and registers them.
type factory struct{ registerer prometheus.Registerer }

const namespace = "derail"

func (f factory) counter(name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help})
	f.registerer.MustRegister(c)
	return c
}

func (f factory) gauge(name, help string) prometheus.Gauge {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help})
	f.registerer.MustRegister(g)
	return g
}

// children makes a counter with one label, and one child for each value that the label can have.
func (f factory) children(name, help, label string, values ...string) children {
	vec := prometheus.NewCounterVec(
		prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, []string{label})
	f.registerer.MustRegister(vec)
	c := children{known: make(map[string]prometheus.Counter, len(values))}
	for _, value := range values {
		child := vec.WithLabelValues(value)
		if value == other {
			c.other = child
		} else {
			c.known[value] = child
		}
	}
	return c
}

// histograms makes a histogram with one label, and one child for each of its values, in their order.
// The buckets are classic ones: native histograms vanish from the text format.
func (f factory) histograms(
	name, help, label string, buckets []float64, values ...string,
) []prometheus.Observer {
	vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: namespace, Name: name, Help: help, Buckets: buckets,
	}, []string{label})
	f.registerer.MustRegister(vec)
	var all []prometheus.Observer
	for _, value := range values {
		all = append(all, vec.WithLabelValues(value))
	}
	return all
}
