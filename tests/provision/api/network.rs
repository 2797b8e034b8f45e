//! The network that the API's function runs in.

use std::collections::BTreeSet;

use aws_sdk_lambda::types::VpcConfig;
use serde_json::Value;
use treebeard_cdn::model::infrastructure::LIVE_ALIAS;

use super::{Api, LAMBDA, iam_client, world};
use crate::provision::world::World;

const NETWORK: &str = "\n    vpc: { subnets: [subnet-0a1b2c3d, subnet-1a1b2c3d], security_groups: [sg-0a1b2c3d] }";

impl Api<'_> {
    /// Subnets and security groups of the version that viewers meet.
    fn network(&self) -> (Vec<String>, Vec<String>) {
        let asked = self.client.get_function_configuration().function_name(&self.name).qualifier(LIVE_ALIAS);
        let network = self.world.runtime.block_on(asked.send()).unwrap().vpc_config;
        let sorted = |ids: Option<Vec<String>>| {
            let mut ids = ids.unwrap_or_default();
            ids.sort();
            ids
        };
        network.map(|it| (sorted(it.subnet_ids), sorted(it.security_group_ids))).unwrap_or_default()
    }

    /// Statements of its role's policy, by `Sid`, that are about networks.
    fn network_statements(&self) -> Vec<Value> {
        let asked = iam_client(self.world).get_role_policy().role_name(&self.name).policy_name("treebeard-cdn").send();
        let policy = self.world.runtime.block_on(asked).unwrap().policy_document;
        let policy = percent_encoding::percent_decode_str(&policy).decode_utf8().unwrap();
        let policy: Value = serde_json::from_str(&policy).unwrap();
        let statements = policy["Statement"].as_array().unwrap().iter();
        statements.filter(|it| it["Action"].to_string().contains("ec2:")).cloned().collect()
    }

    /// Somebody changes the network of what viewers meet.
    fn move_to(&self, subnets: &[&str], groups: &[&str]) {
        let ids = |ids: &[&str]| Some(ids.iter().map(|&id| id.to_owned()).collect());
        let network = VpcConfig::builder().set_subnet_ids(ids(subnets)).set_security_group_ids(ids(groups));
        self.world.runtime.block_on(async {
            let change = self.client.update_function_configuration().function_name(&self.name);
            change.vpc_config(network.build()).send().await.unwrap();
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            self.publish().await;
        });
    }
}

fn ids(subnets: &[&str], groups: &[&str]) -> (Vec<String>, Vec<String>) {
    let owned = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect();
    (owned(subnets), owned(groups))
}

/// The fields that are not as they should be, each once.
fn fields(world: &World) -> BTreeSet<String> {
    world.drift().into_iter().collect()
}

#[test]
fn it_is_joined_shown_when_somebody_changes_it_and_left_when_the_configuration_drops_it() {
    let world = world();
    world.provision();
    let api = Api::of(&world);
    assert_eq!((api.network(), api.network_statements()), (ids(&[], &[]), Vec::new()));

    world.configure("", &format!("{LAMBDA}{NETWORK}"));
    let drift = fields(&world);
    let joined = ["lambda security_groups", "lambda subnets", "role statements.Network", "role statements.NotTheCode"];
    assert_eq!(drift, joined.map(str::to_owned).into());
    world.provision();
    let wanted = ids(&["subnet-0a1b2c3d", "subnet-1a1b2c3d"], &["sg-0a1b2c3d"]);
    assert_eq!((api.network(), world.drift()), (wanted.clone(), Vec::new()));
    // Lambda makes the interfaces as the role, and the code, which has the same role, does not.
    let effects: Vec<_> = api.network_statements().iter().map(|it| it["Effect"].as_str().unwrap().to_owned()).collect();
    assert_eq!(effects, ["Allow", "Deny"]);

    api.move_to(&["subnet-0a1b2c3d"], &["sg-0a1b2c3d", "sg-9a1b2c3d"]);
    let drift = fields(&world);
    assert_eq!(drift, ["lambda security_groups", "lambda subnets"].map(str::to_owned).into());
    world.provision();
    assert_eq!((api.network(), world.drift()), (wanted, Vec::new()));

    world.configure("", LAMBDA);
    world.provision();
    assert_eq!((api.network(), api.network_statements(), world.drift()), (ids(&[], &[]), Vec::new(), Vec::new()));
}

#[test]
fn its_interfaces_are_removed_as_the_role_which_therefore_goes_last() {
    let world = World::new("", &format!("{LAMBDA}{NETWORK}"));
    world.provision();
    let api = Api::of(&world);
    let destroyed = world.json(&["provision", "--destroy", "--yes"]);
    assert!(destroyed["notes"].to_string().contains("the function's role stays for now"), "{destroyed}");
    assert_eq!(api.left(), ["role"]);
    assert_eq!(world.json(&["provision", "--destroy", "--yes"])["notes"], serde_json::json!([]));
    assert_eq!(api.left(), Vec::<&str>::new());
}
