package history

// Recorder writes down one run after another. It is not for concurrent use.
type Recorder struct {
	history   History
	processes map[string]ProcessID
	jobs      map[string]JobID
}

// NewRecorder makes a recorder with an empty history under header.
func NewRecorder(header Header) *Recorder {
	r := &Recorder{processes: map[string]ProcessID{}, jobs: map[string]JobID{}}
	r.Reset(header)
	return r
}

// Reset begins a new history in the memory of the one before, which must not be used any more.
func (r *Recorder) Reset(header Header) {
	header.Version = Version
	r.history.Header = header
	// The strings are let go with the rest, or a long campaign would keep the texts of its largest run.
	clear(r.history.Processes)
	clear(r.history.Jobs)
	clear(r.history.Records)
	r.history.Processes = r.history.Processes[:0]
	r.history.Jobs = r.history.Jobs[:0]
	r.history.Records = r.history.Records[:0]
	clear(r.processes)
	clear(r.jobs)
}

// Process is the id of the process called name, the same one for the same name.
func (r *Recorder) Process(name string) ProcessID {
	id, known := r.processes[name]
	if !known {
		id = ProcessID(len(r.history.Processes))
		r.history.Processes = append(r.history.Processes, name)
		r.processes[name] = id
	}
	return id
}

// Job is the id of the job called name, the same one for the same name.
func (r *Recorder) Job(name string) JobID {
	id, known := r.jobs[name]
	if !known {
		id = JobID(len(r.history.Jobs))
		r.history.Jobs = append(r.history.Jobs, name)
		r.jobs[name] = id
	}
	return id
}

// Append adds a record and gives its sequence number. It looks at nothing: [Read] and the checker do.
func (r *Recorder) Append(record Record) int64 {
	r.history.Records = append(r.history.Records, record)
	return int64(len(r.history.Records))
}

// Header is the history's header, to complete when the run has ended.
func (r *Recorder) Header() *Header { return &r.history.Header }

// History is what was written down so far. It is valid until [Recorder.Reset]; what has to last
// longer is to be cloned.
func (r *Recorder) History() *History { return &r.history }
