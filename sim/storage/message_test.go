package storage_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"derail/scenarios"
	"derail/sim/fault"
	"derail/sim/storage"
)

// TestEveryMessageIsTold: a machine's messages are told when they arrive or are lost, with how long they took.
func TestEveryMessageIsTold(t *testing.T) {
	once := func(f scenarios.Fault) []scenarios.Fault {
		f.Rate, f.Times, f.Nodes = scenarios.Whole, 1, []string{nodes[2]}
		return []scenarios.Fault{f}
	}
	long := span(time.Minute, time.Minute)
	for name, c := range map[string]struct {
		faults []scenarios.Fault
		want   []string
	}{
		"nothing is wrong": {nil, []string{"> 1ms arrived", "< 1ms arrived"}},
		"the request is lost": {
			once(scenarios.Fault{Kind: scenarios.KindNetworkLoss, Way: scenarios.WayRequests}),
			[]string{"> 0s lost"},
		},
		"the answer is lost": {
			once(scenarios.Fault{Kind: scenarios.KindNetworkLoss, Way: scenarios.WayAnswers}),
			[]string{"> 1ms arrived", "< 0s lost"},
		},
		"the request comes twice": {
			once(scenarios.Fault{Kind: scenarios.KindNetworkRepeat, Way: scenarios.WayRequests, For: span(5*ms, 5*ms)}),
			[]string{"> 1ms arrived", "< 1ms arrived", "> 6ms repeated"},
		},
		"the request comes when its caller has gone": {
			once(scenarios.Fault{Kind: scenarios.KindNetworkDelay, Way: scenarios.WayRequests, For: long}),
			[]string{"> 1m0.001s arrived"},
		},
		"the answer comes when its caller has gone": {
			once(scenarios.Fault{Kind: scenarios.KindNetworkDelay, Way: scenarios.WayAnswers, For: long}),
			[]string{"> 1ms arrived", "< 0s too late"},
		},
		"nothing overtakes the answer in time": {
			once(scenarios.Fault{Kind: scenarios.KindNetworkReorder, Way: scenarios.WayAnswers, For: long}),
			[]string{"> 1ms arrived", fmt.Sprintf("< %v too late", timeout-ms)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, setup{faults: c.faults})
			got := l.hears(func(s *session) {
				s.client.Commit(background, put("a", "1"))
			})
			if !slices.Equal(got, c.want) {
				t.Errorf("told were %q; want %q", got, c.want)
			}
		})
	}
}

// TestCutMessagesAreTold: what is on its way when a link is cut is lost when it arrives there.
func TestCutMessagesAreTold(t *testing.T) {
	l := newLab(t, setup{})
	l.at(ms/2, func() { l.network.Cut(2, fault.BothWays, int64(time.Second)) })
	got := l.hears(func(s *session) {
		s.client.Commit(background, put("a", "1"))
	})
	if want := []string{"> 1ms lost"}; !slices.Equal(got, want) {
		t.Errorf("told were %q; want %q", got, want)
	}
}

// TestNewsAreTold: news of a watch are messages too, and lost where the watch breaks.
func TestNewsAreTold(t *testing.T) {
	for name, broken := range map[string]bool{"heard": false, "the link is cut": true} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, setup{})
			other := l.session(3)
			other.machine.Go("other", func() {
				_ = other.machine.Sleep(background, 10*ms)
				other.client.Commit(background, put("a", "1"))
			})
			if broken {
				l.at(10*ms, func() { l.network.Cut(2, fault.Answers, int64(time.Minute)) })
			}
			got := l.hears(func(s *session) {
				w, err := s.client.Watch(background, "a", 0)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = w.Next(background)
				w.Close()
			})
			want := "news 1ms arrived"
			if broken {
				want = fmt.Sprintf("news %v lost", timeout) // so long it waits for the link
			}
			if len(got) == 0 || got[len(got)-1] != want {
				t.Errorf("told were %q; the last was to be %q", got, want)
			}
		})
	}
}

// hears is what the third machine is told of its messages, while it does something and for some time after.
func (l *lab) hears(does func(s *session)) (told []string) {
	l.t.Helper()
	s := &session{machine: l.kernel.Node(nodes[2]).Boot()}
	fates := [...]string{
		storage.Arrived: "arrived", storage.Repeated: "repeated", storage.Lost: "lost", storage.TooLate: "too late",
	}
	s.client = storage.NewClient(storage.ClientConfig{
		Server: l.server, Machine: s.machine, Node: 2, Network: l.network,
		Tell: func(m storage.Message) {
			way := "<"
			switch {
			case m.News:
				way = "news"
			case m.Way == fault.Requests:
				way = ">"
			}
			if !m.News && m.Op == fault.OpOf(scenarios.OpClaim) && m.Subject != "job" {
				l.t.Errorf("the claim is about %q", m.Subject)
			}
			told = append(told, fmt.Sprintf("%s %v %s", way, l.now()-time.Duration(m.Sent), fates[m.Fate]))
		},
	})
	s.machine.Go("test", func() { does(s) })
	l.runs(2 * time.Minute)
	return told
}
