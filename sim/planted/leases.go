package planted

// leaseBugs break how long a claim lives, and what is believed of that.
var leaseBugs = []Bug{
	{
		Name: "renewed-when-due", Area: AreaLease,
		About: "A lease is renewed when it ends and not before: a task that takes longer than one lease never " +
			"comes to its end.",
		Reference: "Octavia, d367b4763 (story 2009998): the keep-alive of claims on TaskFlow's jobs did not " +
			"cover jobs that were resumed, and they were taken from their conductors for ever.",
		Property: "cycle.none", Scenario: "long-tasks", Seeds: 20,
		Patch: []Edit{
			{
				File: "core/conductor/shift.go",
				Old:  "\tevery := s.session.TTL() / 3\n",
				New:  "\tevery := s.session.TTL()\n",
			},
			{
				File: "core/conductor/shift.go",
				Old:  "\t\tevery = s.session.TTL() / 3\n",
				New:  "\t\tevery = s.session.TTL()\n",
			},
		},
	},
	{
		Name: "grace-after-the-lease", Area: AreaLease,
		About: "A session is relied on for a little longer than its lease lives, because renewals mostly get " +
			"through in the end.",
		Property: "claim.exclusive", Scenario: "zombies", Seeds: 50,
		Patch: []Edit{{
			File: "core/jobboard/session.go",
			Old:  "sent.Add(s.ttl - s.ttl/10)",
			New:  "sent.Add(s.ttl + s.ttl/2)",
		}},
	},
	{
		Name: "unknown-renewal-taken-for-done", Area: AreaLease,
		About:    "A renewal that got no answer is taken for one that was made.",
		Property: "claim.exclusive", Scenario: "unanswered-renewals", Seeds: 20,
		Patch: []Edit{{
			File: "core/jobboard/session.go",
			Old:  "\tcase err != nil:\n\t\treturn fmt.Errorf(\"renew",
			New:  "\tcase err != nil && !errors.Is(err, store.ErrUnknown):\n\t\treturn fmt.Errorf(\"renew",
		}},
	},
}

// memoryBugs break the store in memory, on which the simulator's server stands.
var memoryBugs = []Bug{
	{
		Name: "lease-ends-for-one-key", Area: AreaStore,
		About: "The end of a lease deletes the key that was put last under it, and leaves the others for " +
			"ever.",
		Property: "rest.reached", Scenario: "crash-restart", Seeds: 50,
		Patch: []Edit{{
			File: "core/store/memory/lease.go",
			Old:  "\tfor e := l.first; e != nil; e = e.after {\n",
			New:  "\tfor e := l.first; e != nil; e = nil {\n",
		}},
	},
	{
		Name: "one-change-of-a-commit", Area: AreaStore,
		About: "A watch tells only the first change of a commit that has made several: of a job that is posted " +
			"one hears without its ledger.",
		Property: "rest.reached", Scenario: "healthy", Seeds: 20,
		Patch: []Edit{{
			File: "core/store/memory/subscription.go",
			Old:  "\tfor _, position := range places {\n\t\tdst =",
			New: "\tfor _, position := range places {\n" +
				"\t\tif n := len(dst); n > 0 && dst[n-1].Pair.Changed == j.at(position).Pair.Changed {\n" +
				"\t\t\tcontinue\n\t\t}\n\t\tdst =",
		}},
	},
	{
		Name: "changed-since-is-good-enough", Area: AreaStore,
		About: "A comparison holds where the record is at least as new as what it was compared with: who has " +
			"seen an old state may change a new one.",
		Property: "claim.linearizable", Scenario: "late-claims", Seeds: 50,
		Patch: []Edit{{
			File: "core/store/memory/machine.go",
			Old:  "return e != nil && e.pair.Changed == compare.Revision",
			New:  "return e != nil && e.pair.Changed >= compare.Revision",
		}},
	},
}
