//! Exit codes: all that the command line thinks of faults, on one screen.

use std::process::ExitCode;

use ply_types::Fault;

/// How a command ended, as scripts see it. The numbers are a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// It did what was asked.
    Done = 0,
    /// It did not, for a reason that no other code names.
    Failed = 1,
    /// It was asked for something that makes no sense.
    Usage = 2,
    /// What was named is not there: a path, a drive, a writer.
    Absent = 3,
    /// Something else is in the way.
    Conflict = 4,
    /// Bytes that are kept here are damaged.
    Corrupt = 5,
    /// Nobody in reach has it.
    Unreachable = 6,
}

impl Exit {
    /// Every code, by number.
    const ALL: [Self; 7] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::Absent,
        Self::Conflict,
        Self::Corrupt,
        Self::Unreachable,
    ];

    /// The number.
    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    /// The code of a number; numbers without one count as a plain failure.
    pub(crate) fn of_code(code: u8) -> Self {
        Self::ALL.get(usize::from(code)).copied().unwrap_or(Self::Failed)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// How a command ends that met a fault.
pub(crate) fn exit(fault: Fault) -> Exit {
    match fault {
        Fault::Absent => Exit::Absent,
        Fault::Conflict => Exit::Conflict,
        Fault::Invalid => Exit::Usage,
        Fault::Corrupt => Exit::Corrupt,
        Fault::Offline => Exit::Unreachable,
        Fault::Denied | Fault::Peer | Fault::Full | Fault::Machine => Exit::Failed,
    }
}

/// What to do about a fault when the error itself knows nothing better.
pub(crate) fn advice(fault: Fault) -> Option<&'static str> {
    match fault {
        Fault::Corrupt => Some("'ply verify' lists all that is damaged on this node"),
        Fault::Offline => Some("connect to a node that has it: ply peer connect ADDRESS"),
        Fault::Full => Some("free some space, then run the command again"),
        Fault::Peer => Some("try again: another peer will be asked"),
        Fault::Absent | Fault::Conflict | Fault::Invalid | Fault::Denied | Fault::Machine => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_scripts_rely_on() {
        let table = [
            (Fault::Denied, 1),
            (Fault::Peer, 1),
            (Fault::Full, 1),
            (Fault::Machine, 1),
            (Fault::Invalid, 2),
            (Fault::Absent, 3),
            (Fault::Conflict, 4),
            (Fault::Corrupt, 5),
            (Fault::Offline, 6),
        ];
        for (fault, code) in table {
            assert_eq!(exit(fault).code(), code, "{fault:?}");
        }
    }

    #[test]
    fn a_code_survives_the_way_through_the_socket() {
        for (number, exit) in (0_u8..).zip(Exit::ALL) {
            assert_eq!(exit.code(), number);
            assert_eq!(Exit::of_code(exit.code()), exit);
        }
        assert_eq!(Exit::of_code(77), Exit::Failed);
    }
}
