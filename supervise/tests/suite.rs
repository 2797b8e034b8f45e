//! The `supervise` program as parent, shells as commands, and a look at what is left.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process};
use supervise::{Output, Spec, Stop};

const PROGRAM: &str = env!("CARGO_BIN_EXE_supervise");
const DEADLINE: Duration = Duration::from_secs(10);

/// A command that notes its own and a child's process id, and then works until it is ended.
fn family(pids: &Path) -> String {
    format!("sleep 300 & echo $$ $! > {0}.new; mv {0}.new {0}; wait", pids.display())
}

fn until<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = attempt() {
            return value;
        }
        assert!(start.elapsed() < DEADLINE, "timed out waiting until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn read_pids(path: &Path) -> Vec<Pid> {
    until("the command has written its pids", || fs::read_to_string(path).ok())
        .split_whitespace()
        .map(|word| Pid::from_raw(word.parse().unwrap()).unwrap())
        .collect()
}

fn assert_ended(pids: &[Pid]) {
    assert_eq!(pids.len(), 2);
    for &pid in pids {
        until("the process is gone", || test_kill_process(pid).is_err().then_some(()));
    }
}

fn parent(script: &str) -> Child {
    Command::new(PROGRAM).args(["sh", "-c", script]).process_group(0).stdin(Stdio::null()).spawn().unwrap()
}

fn spec(script: &str) -> Spec {
    Spec { args: vec!["-c".into(), script.into()], supervisor: Some(PROGRAM.into()), ..Spec::new("sh") }
}

#[test]
fn a_killed_parent_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let pids = dir.path().join("pids");
    let mut parent = parent(&family(&pids));
    let family = read_pids(&pids);
    parent.kill().unwrap();
    parent.wait().unwrap();
    assert_ended(&family);
}

#[test]
fn a_command_that_ignores_the_stop_signal_is_killed_after_the_grace_period() {
    let dir = tempfile::tempdir().unwrap();
    let pids = dir.path().join("pids");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let script = format!("trap '' TERM; {}", family(&pids));
        let mut command = Spec { grace: Duration::from_millis(200), ..spec(&script) }.spawn().unwrap();
        let family = read_pids(&pids);
        assert_eq!(command.pid(), family[0].as_raw_nonzero().get());
        command.stop().await.unwrap();
        assert_ended(&family);
        assert_eq!(command.wait().await.unwrap().code(), None, "it was killed");
    });
}

#[test]
fn ctrl_c_reaches_the_parent_only_which_stops_the_command() {
    let dir = tempfile::tempdir().unwrap();
    let (pids, ended) = (dir.path().join("pids"), dir.path().join("ended"));
    let mut parent = parent(&format!("trap 'echo TERM > {}; exit 7' TERM; {}", ended.display(), family(&pids)));
    let family = read_pids(&pids);
    // A terminal sends Ctrl-C to the whole foreground process group, which is the parent's.
    kill_process_group(Pid::from_child(&parent), Signal::INT).unwrap();
    assert_eq!(parent.wait().unwrap().code(), Some(7), "the command's own status");
    assert_eq!(fs::read_to_string(ended).unwrap(), "TERM\n");
    assert_ended(&family);
}

#[test]
fn exit_status_and_output_are_passed_on_and_standard_input_is_empty() {
    let output = Command::new(PROGRAM).args(["sh", "-c", "cat; echo out; echo err >&2; exit 42"]).output().unwrap();
    assert_eq!(output.status.code(), Some(42));
    assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"out\n"[..], &b"err\n"[..]));
    let killed = Command::new(PROGRAM).args(["sh", "-c", "kill -9 $$"]).status().unwrap();
    assert_eq!(killed.code(), Some(128 + 9));
}

#[test]
fn grandchildren_of_a_command_that_exits_by_itself_are_ended() {
    let dir = tempfile::tempdir().unwrap();
    let pids = dir.path().join("pids");
    let mut parent = parent(&family(&pids).replace("wait", "exit 3"));
    assert_eq!(parent.wait().unwrap().code(), Some(3));
    assert_ended(&read_pids(&pids));
}

#[test]
fn environment_folder_and_output_file_are_used_and_paths_are_removed_afterwards() {
    let dir = tempfile::tempdir().unwrap();
    let (log, folder) = (dir.path().join("log"), dir.path().join("state"));
    fs::create_dir_all(folder.join("inner")).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut command = Spec {
            envs: vec![("SECRET".into(), "hidden".into())],
            cwd: Some(folder.clone()),
            output: Output::File(log.clone()),
            remove_after: vec![folder.clone(), dir.path().join("never-existed")],
            stop: Stop::Interrupt,
            ..spec("echo $SECRET; basename $(pwd)")
        }
        .spawn()
        .unwrap();
        assert!(command.wait().await.unwrap().success());
        command.stop().await.unwrap();
    });
    assert_eq!(fs::read_to_string(log).unwrap(), "hidden\nstate\n");
    assert!(!folder.exists());
}

#[test]
fn a_killed_supervisor_takes_the_command_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let pids = dir.path().join("pids");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let script = format!("echo $PPID > {}/supervisor; {}", dir.path().display(), family(&pids));
        let mut command = spec(&script).spawn().unwrap();
        let family = read_pids(&pids);
        let supervisor = read_pids(&dir.path().join("supervisor"))[0];
        kill_process(supervisor, Signal::KILL).unwrap();
        assert!(!command.wait().await.unwrap().success());
        assert_ended(&family);
    });
}

#[test]
fn dropping_stops_the_command() {
    let dir = tempfile::tempdir().unwrap();
    let pids = dir.path().join("pids");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let command = Spec { output: Output::Null, ..spec(&family(&pids)) }.spawn().unwrap();
        let family = read_pids(&pids);
        drop(command);
        assert_ended(&family);
    });
}

#[test]
fn a_missing_program_is_an_error_at_once() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let error = runtime.block_on(async { Spec { supervisor: Some(PROGRAM.into()), ..Spec::new("/no/such") }.spawn() });
    assert_eq!(error.unwrap_err().kind(), std::io::ErrorKind::NotFound);
}

#[tokio::test]
async fn a_command_that_ends_at_once_is_reported_as_it_ended() {
    for round in 0..50 {
        let mut command = spec("exit 3").spawn().unwrap();
        let status = command.wait().await.unwrap();
        assert_eq!(status.code(), Some(3), "round {round}");
    }
}
