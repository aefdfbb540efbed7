package schedule

import _ "time/tzdata" // a binary must know each time zone wherever it runs
