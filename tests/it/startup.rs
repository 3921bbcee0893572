//! What a start costs before the command line is understood: no socket, no thread, no file but the loader's own.
//!
//! Counted, not timed: `--help` answers in as long as it takes to load the program, and whatever it opened or asked first
//! would be waited for.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use crate::support::Bench;
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

/// Every call that a program makes of the system, with the path where it opens one.
fn calls(command: &mut Command) -> Vec<(u64, String)> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let traced = || match unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) } {
        -1 => Err(std::io::Error::last_os_error()),
        _ => Ok(()),
    };
    // SAFETY: one call that allocates nothing, between fork and exec.
    unsafe { command.pre_exec(traced) };
    let mut child = command.spawn().expect("a child may be traced by its parent");
    let pid = i32::try_from(child.id()).expect("a process id");
    let memory =
        std::fs::File::open(format!("/proc/{pid}/mem")).expect("a traced child's memory can be read");
    let (mut calls, mut is_entry, mut is_first) = (Vec::new(), true, true);
    loop {
        let mut status = 0;
        // SAFETY: the child was started by this thread and nobody else waits for it.
        assert_eq!(
            unsafe { libc::waitpid(pid, &mut status, libc::__WALL) },
            pid,
            "{}",
            std::io::Error::last_os_error()
        );
        if libc::WIFEXITED(status) || libc::WIFSIGNALED(status) {
            assert_eq!(libc::WEXITSTATUS(status), 0, "it failed");
            break;
        }
        // SAFETY: the child is stopped, and is ours; the structure is plain numbers.
        unsafe {
            if is_first {
                let options = libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_EXITKILL;
                assert_eq!(libc::ptrace(libc::PTRACE_SETOPTIONS, pid, 0, options), 0);
                is_first = false;
            } else if libc::WSTOPSIG(status) == libc::SIGTRAP | 0x80 {
                if is_entry {
                    let mut at: libc::user_regs_struct = std::mem::zeroed();
                    assert_eq!(libc::ptrace(libc::PTRACE_GETREGS, pid, 0, &mut at), 0);
                    let path = match i64::try_from(at.orig_rax) {
                        Ok(libc::SYS_open) => text(&memory, at.rdi),
                        Ok(libc::SYS_openat) => text(&memory, at.rsi),
                        _ => String::new(),
                    };
                    calls.push((at.orig_rax, path));
                }
                is_entry = !is_entry;
            }
            assert_eq!(libc::ptrace(libc::PTRACE_SYSCALL, pid, 0, 0), 0);
        }
    }
    // It was waited for above.
    let _ = child.try_wait();
    calls
}

/// A text that ends with a zero.
fn text(memory: &std::fs::File, at: u64) -> String {
    let mut bytes = Vec::new();
    let mut one = [0];
    while bytes.len() < 4096
        && memory.read_at(&mut one, at + bytes.len() as u64).is_ok_and(|n| n == 1)
        && one[0] != 0
    {
        bytes.push(one[0]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn help_opens_nothing_and_asks_nobody() {
    let bench = Bench::new();
    // What a start might be tempted to read.
    for name in
        [".aws/config", ".aws/credentials", ".config/triage/config.toml", ".config/gcloud/active_config"]
    {
        bench.write(name, "");
    }
    for args in [&["--help"][..], &["-h"], &["--version"], &["audit", "--help"]] {
        let calls = calls(&mut bench.command(args));
        assert!(calls.iter().any(|(_, path)| path.contains("libc.so")), "nothing was traced: {calls:?}");
        let asks = [
            libc::SYS_socket,
            libc::SYS_connect,
            libc::SYS_clone,
            libc::SYS_clone3,
            libc::SYS_fork,
            libc::SYS_vfork,
        ];
        let asked =
            calls.iter().filter(|(call, _)| i64::try_from(*call).is_ok_and(|call| asks.contains(&call)));
        assert_eq!(asked.count(), 0, "{args:?} starts a thread or opens a socket: {calls:?}");
        let is_loader = |path: &str| {
            ["/lib", "/usr/lib", "/etc/ld.so"].iter().any(|folder| path.starts_with(folder))
                || path == "/proc/self/maps"
        };
        let opened: Vec<&str> = calls
            .iter()
            .map(|(_, path)| path.as_str())
            .filter(|path| !path.is_empty() && !is_loader(path))
            .collect();
        assert_eq!(opened, [""; 0], "{args:?} opens files before it knows what is wanted");
        assert!(calls.len() < 400, "{args:?}: {} calls", calls.len());
    }
}
