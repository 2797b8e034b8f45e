//! The workflows of docs/ci.md are workflows, use the action as it is, and hold no stored keys.

use std::{fs, path::Path};

use serde_yaml::Value;

use super::runner::Action;

fn workflows() -> Vec<(String, Value)> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci.md")).unwrap();
    let blocks = text.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks
        .filter(|block| block.contains("\njobs:"))
        .map(|block| (block.to_owned(), serde_yaml::from_str(block).unwrap()))
        .collect()
}

#[test]
fn documented_workflows_use_the_action_as_it_is() {
    let action = Action::read();
    let mut uses = 0;
    for (text, workflow) in workflows() {
        assert!(!text.contains("secrets."), "{text}");
        assert_eq!(workflow["permissions"]["id-token"], "write");
        for (_, job) in workflow["jobs"].as_mapping().unwrap() {
            for step in job["steps"].as_sequence().unwrap() {
                if !step["uses"].as_str().is_some_and(|it| it.contains("treebeard-cdn@")) {
                    continue;
                }
                uses += 1;
                for (name, _) in step["with"].as_mapping().unwrap() {
                    assert!(action.inputs.contains_key(name.as_str().unwrap()), "{name:?}");
                }
            }
        }
        for output in text.split("steps.cdn.outputs.").skip(1) {
            let name = output.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap();
            assert!(action.outputs.contains_key(name), "{name}");
        }
    }
    assert!(uses >= 3, "{uses}");
}
