package planted

// databaseBugs break the store in a file, under conductors that are right. What such a bug loses, a disk
// loses only with the power, or a store when it stands alone: the scenarios are those of SQLite.
var databaseBugs = []Bug{
	{
		Name: "never-synced", Area: AreaStore,
		About: "The database is told to leave it to the system when what is written gets to the disk: " +
			"synchronous=OFF, as in many a recipe for fast inserts. After a loss of power commits are gone, " +
			"or the file is damaged.",
		Property: TheRun, Says: "and the disk was honest", Scenario: "sqlite-power-loss", Seeds: 20,
		Patch: []Edit{{
			File: "core/store/sqlite/schema.go",
			Old:  "PRAGMA store.synchronous = EXTRA;",
			New:  "PRAGMA store.synchronous = OFF;",
		}},
	},
	{
		Name: "directory-unsynced", Area: AreaStore,
		About: "A commit is the deletion of the journal, and nothing makes the directory safe from which it " +
			"is deleted: synchronous=FULL, which is the default and sounds like enough. The journal is back " +
			"after a loss of power, and rolls back what was acknowledged.",
		Property: TheRun, Says: "acknowledged commits", Scenario: "sqlite-power-loss", Seeds: 50,
		Patch: []Edit{{
			File: "core/store/sqlite/schema.go",
			Old:  "PRAGMA store.synchronous = EXTRA;",
			New:  "PRAGMA store.synchronous = FULL;",
		}},
	},
	{
		Name: "directory-unsynced-after-a-lie", Area: AreaStore,
		About: "The same, on a disk that has lied once, about something that has long been safe since: a lie " +
			"excuses what it has to do with, and nothing else.",
		Property: TheRun, Says: "and the disk was honest", Scenario: "one-lie", Seeds: 50,
		Patch: []Edit{{
			File: "core/store/sqlite/schema.go",
			Old:  "PRAGMA store.synchronous = EXTRA;",
			New:  "PRAGMA store.synchronous = FULL;",
		}},
	},
	{
		Name: "acknowledged-before-commit", Area: AreaStore,
		About: "The driver answers as soon as a transaction is made, and commits it behind its caller's " +
			"back: write-behind, which is fast until the power goes.",
		Property: TheRun, Says: "acknowledged commits", Scenario: "sqlite-power-loss", Seeds: 50,
		Patch: []Edit{
			{
				File: "core/store/sqlite/store.go",
				Old:  "\tunsettled  bool //",
				New:  "\tbehind bool\n\tunsettled  bool //",
			},
			{
				File: "core/store/sqlite/transaction.go",
				Old:  "\tdefer s.gate.leave()\n\treturn s.transact(ctx, run)\n",
				New: "\ts.behind = true\n\terr := s.transact(ctx, run)\n\ts.behind = false\n" +
					"\tif err != nil || s.connection == nil || s.connection.db.GetAutocommit() {\n" +
					"\t\ts.gate.leave()\n\t\treturn err\n\t}\n" +
					"\ts.host.Go(\"commit\", func() {\n\t\tdefer s.gate.leave()\n" +
					"\t\tctx := context.Background()\n" +
					"\t\t_ = s.use(ctx, func(c *connection) error {\n" +
					"\t\t\treturn s.patiently(ctx, func() error { return c.db.Exec(`COMMIT`) })\n\t\t})\n" +
					"\t})\n\treturn nil\n",
			},
			{
				File: "core/store/sqlite/transaction.go",
				Old:  "err := t.db.Exec(`COMMIT`)\n",
				New:  "var err error\n\t\t\tif !s.behind {\n\t\t\t\terr = t.db.Exec(`COMMIT`)\n\t\t\t}\n",
			},
		},
	},
	{
		Name: "failed-commit-acknowledged", Area: AreaStore,
		About: "A COMMIT that fails is taken for one that was done, because what it wrote can be read: the " +
			"disk has not confirmed it, and need not keep it. PostgreSQL did so for twenty years with an " +
			"fsync that failed and was tried again.",
		Property: TheRun, Says: "and the disk was honest", Scenario: "sqlite-faulty-disk", Seeds: 50,
		Patch: []Edit{{
			File: "core/store/sqlite/transaction.go",
			Old:  "doubtful = err != nil && !certain(err)\n\t\t\treturn err\n",
			New: "doubtful = false\n\t\t\tif err != nil && certain(err) {\n\t\t\t\treturn err\n\t\t\t}\n" +
				"\t\t\treturn nil\n",
		}},
	},
	{
		Name: "expiry-ignored", Area: AreaLease,
		About: "Leases have a deadline, and nobody ends them: the claims of a conductor that has died are " +
			"held for ever.",
		Property: "rest.reached", Scenario: "sqlite-crashes", Seeds: 20,
		Patch: []Edit{{
			File: "core/store/sqlite/lease.go",
			Old:  "if t.after.due > t.now {",
			New:  "if t.after.due >= 0 {",
		}},
	},
}
