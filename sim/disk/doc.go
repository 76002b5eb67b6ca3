// Package disk is a disk that loses power, under the real SQLite: a file system for
// github.com/ncruces/go-sqlite3 whose files are in memory, whose operations take virtual time, and
// which forgets, tears and reorders what was not synced.
//
// [Disk.Path] gives a machine's processes the name under which they open a database. SQLite is
// translated to Go, so that it calls the file system on the stack of the process that called it: an
// operation parks that process as any other wait does, and a process that is killed in it unwinds
// through SQLite. Its connection is then never closed; what it has mapped is freed by the next Path, or
// by [Disk.Reset] or [Disk.Close].
//
// # The model
//
// There is one directory. What is written is seen by all machines at once, and is safe after a sync.
// A crash of a machine takes its handles and its locks, and leaves what it wrote. A loss of power
// ([Disk.LosePower]) takes all handles, and decides about everything that no sync has made safe since:
//
//   - each write and each truncation is kept or dropped, by a draw of its own, so that a later one may be
//     there without an earlier one: that is what reordering comes to;
//   - a write may be torn (disk.torn): each of its pieces of 512 bytes is there or not, and of one of
//     them the first so many bytes. Disks write 512 or 4096 bytes at a time and say nothing of more; 512
//     is the weaker of the two, and a boundary of both;
//   - a file may have grown for a write that is not there, and has zeros or garbage in that place;
//   - each change of the directory (a file made, a file deleted) is kept or dropped. The content of a
//     file may be safe while its name is not, and the other way round. SQLite renames nothing.
//
// Dropping is drawn in two steps, how likely it is this time and then for each write, because the
// interesting losses are those of nearly everything, and of nearly nothing.
//
// What else can go wrong, as faults: a sync that lies does nothing, but the next one that does not lie
// makes all of it safe; a sync that fails does nothing; a read fails; a bit flips; no file can grow.
// What lies have cost is counted apart ([Stats]: Betrayed), because it is no fault of SQLite's.
//
// # What SQLite relies on, and whether it may
//
//   - Syncing a journal for the first time makes its name safe too, and so does a deletion that asks for
//     it: each is a second sync here, with a time and faults of its own, as in SQLite's own file system
//     for Unix.
//   - Deleting a file does not make that safe. With synchronous=FULL and journal_mode=DELETE the journal
//     of an acknowledged transaction may therefore come back, and undo it; EXTRA syncs the directory,
//     PERSIST and TRUNCATE sync the file. Tests show the first, and that the others lose nothing.
//   - A write that is torn is torn in one place at most within 512 bytes, and everything else is as it
//     was or as it should be: SQLite calls that linear, and asks no more. A disk that leaves a sector
//     unreadable, or different from both, would break it; that is what [Disk.Flip] is for.
//   - Writing leaves the neighbours of what is written alone (SQLite: powersafe overwrite). The disk keeps
//     that and says so, because the file system of production says so, and what SQLite does depends on
//     it. psow=0 in the name of a database has SQLite assume otherwise. Nothing else is promised: no
//     write is atomic, appends are not safe, order is none.
//   - There is no shared memory, and so no write-ahead log.
//
// # Determinism
//
// SQLite takes a number for each journal's header from the machine's own randomness, which nobody can
// keep it from. That number goes into the file, and into checksums of pages that SQLite compares when
// it rolls back. Nothing here looks at bytes: draws depend on how many writes there were, where, and
// how long. What SQLite does depends on the number only where a page that is not the one it wrote has
// the right checksum by chance, one time in four thousand million. Tests run the same seeds twice.
//
// Every operation that takes time draws it from a stream of the node's (disk.access, disk.sync); the
// losses draw from disk.power. Locks and sizes take none. Zero is always benign: nothing takes longer
// than the least, everything survives.
//
// What lives here: files, their safety, their locks, their time. What may not: anything that knows what
// is in a file, and who loses power when.
package disk
