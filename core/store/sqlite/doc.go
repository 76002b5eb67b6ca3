// Package sqlite is the store that the processes of one machine share: a SQLite database in a file.
//
// A [Store] keeps all of package store's contract. Everything that it does over time goes through its
// host: it waits for a locked file by the host's sleep, and its one process, which ends leases and looks
// for the changes of others, is the host's. So the very same code runs in the simulator, on a simulated
// disk. What lives here: the schema, the transactions, and what an error of the disk means. What may
// not: anything that knows what the keys mean.
//
// # What an error means
//
// Each call of the contract is one transaction, BEGIN IMMEDIATE to COMMIT, or one statement that reads.
// What the engine says when it fails is told like this:
//
//	what it says            when            is told as
//	----------------------  --------------  --------------------------------------------------------
//	BUSY                    at any time     tried again, until Config.Patience is used up or the
//	                                        context ends; then refused
//	FULL                    at any time     refused
//	anything else           before COMMIT   refused
//	anything else           by COMMIT       unknown
//	CORRUPT, NOTADB, or a   at any time     as above, and ErrDamaged (NOTADB on opening: ErrForeign)
//	page's wrong checksum
//	it broke off (panic)    at any time     as above; its connection is given up
//
// Before COMMIT nothing has happened: the journal with the pages as they were is on the disk before the
// first page is written, and whoever opens the file next puts them back if this process cannot.
//
// COMMIT syncs the journal, writes and syncs the pages, and then deletes the journal, which is the
// moment at which the transaction has happened; with synchronous = EXTRA it syncs the folder after that.
// BUSY means that it could not even begin, because others read: the transaction is as it was, and is
// rolled back for good when patience ends. FULL comes from writing the journal or the pages, and never
// from deleting the journal, so the pages are put back, now or by whoever opens the file next. Any
// other error may come from the last two steps: then the journal may be gone, may be still there, or may
// be gone until the machine loses power. That is what unknown means, and nothing that this process
// could look at would tell more.
//
// After every error but BUSY and FULL the connection is closed, and the next call opens the file again:
// the state that an engine keeps in memory after an I/O error is nothing to build on.
//
// # What is read is safe
//
// After an unknown outcome, a crash or a restart the file may show a commit that the disk has not
// confirmed, and which a loss of power would take back. A store that cannot exclude this, because it
// has just been opened or has seen an error, makes one small transaction before it answers: when that
// is confirmed, so is all that it builds on. One window is left, and is SQLite's own: a process that
// is killed just after it has deleted its journal and before the folder is synced leaves a commit that
// the other living processes see, and that nobody has confirmed, until the next of them commits
// something. What has been acknowledged is never in that window.
//
// The journal is deleted and not truncated or overwritten in place, which would save a sync, because
// two journals must be two files: after the death of a process and then of the machine, one file could
// be half the old and half the new one, and such a journal would put back half of what it should.
//
// # Damage
//
// The last eight bytes of each page are its checksum, which is examined whenever the page is read from
// the file. So a bit that has changed on the disk is an error that matches [ErrDamaged] and never a
// wrong answer; what cannot be read stays as it is, for who can repair it. [Store.Check] examines the
// whole file.
//
// # Time
//
// A lease is a row with a deadline on the machine's clock. Every transaction first ends the leases whose
// time has come, and the process of any one store that is open sees to it that it happens in time, so the
// leases of a dead process end although it does not end them. A clock that jumps takes the leases along:
// where it is set forwards, or goes on while the machine is suspended, they end before their time, and who
// goes by a clock that does not jump hears of it late (A3 of package core); where it is set back, those of
// the dead last longer by as much.
//
// # Watches
//
// The latest changes are kept in the file, [Config.Remember] of them, and a watch that would need older
// ones ends with store.ErrCompacted. While anybody watches, the store's process looks every Config.Poll
// for what other processes changed; what the store itself commits, its watches are told at once.
//
// # Processes that die
//
// On a simulated host any call to the disk may be the last of its process, which then unwinds by a panic
// of [host.Killed] from the middle of the engine. The store never touches that connection again and frees
// its memory, which is not the garbage collector's. No mutex is held while the disk or the host may
// block: who uses the connection is settled by signals of the host.
//
// # Limits
//
// A transaction changes at most 4 MiB. The file must be on a local disk: file locks over a network are
// not to be trusted. On Linux a new file's entry in its folder is taken to be safe when the file is
// synced, as it is on ext4, XFS and Btrfs.
package sqlite
