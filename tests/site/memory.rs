//! Memory does not grow with the site.

#[cfg(target_os = "linux")]
#[test]
fn a_site_of_many_files_is_built_in_little_memory() {
    use crate::support::Project;

    let project = Project::with_site(&[("index.html", "hello")]);
    for number in 0..5_000 {
        let text = format!("export const n{number} = {:?};\n", format!("{number:x}").repeat(200));
        project.write(&format!("assets/{}/{number}.js", number % 50), text);
    }
    let mut build = project.command(&["build", "--json"]).stdout(std::process::Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", build.id());
    let mut peak = 0;
    while build.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(peak);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(build.wait().unwrap().success());
    assert!((1..100_000).contains(&peak), "{peak} kB");
}
