//! What a resource of a size costs an hour: while it runs, and while it is there at all.

use super::machine::{last, shape};
use super::table::{Price, Prices};
use crate::model::Report;
use crate::model::meter::{Reading, Words};
use crate::model::report::Resource;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Billionths of a dollar an hour, and what they are made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// While it runs.
    pub on: u64,
    /// As long as it exists: disks.
    pub there: u64,
    pub basis: BTreeSet<String>,
    /// Month of the oldest price in it.
    pub as_of: Option<String>,
    /// Why it may be less, and why more.
    pub upper: BTreeSet<String>,
    pub lower: BTreeSet<String>,
    /// Whether every price in it was asked for in this run.
    pub is_live: bool,
}

impl Rate {
    /// Takes the words of another, not its numbers.
    pub fn join(&mut self, other: Rate) {
        self.is_live = other.is_live && (self.is_live || self.as_of.is_none());
        self.basis.extend(other.basis);
        self.upper.extend(other.upper);
        self.lower.extend(other.lower);
        self.as_of = [self.as_of.take(), other.as_of].into_iter().flatten().min();
    }

    fn uses(&mut self, price: &Price) {
        self.is_live = price.is_live && (self.is_live || self.as_of.is_none());
        self.as_of = [self.as_of.take(), Some(price.month.clone())].into_iter().flatten().min();
        if price.at_most {
            self.upper.insert("its price may be lower than the listed one by now or here".into());
        }
    }

    /// Adds so many units at a price, in thousandths.
    fn runs(&mut self, price: &Price, milli: u64) {
        self.uses(price);
        self.on = self.on.saturating_add(times(price.nanos, milli, 1000));
    }

    /// Adds GB at a price for a month of 730 hours.
    fn keeps(&mut self, price: &Price, gb: u64) {
        self.uses(price);
        self.there = self.there.saturating_add(times(price.nanos, gb, HOURS_OF_A_MONTH));
    }
}

const HOURS_OF_A_MONTH: u64 = 730;
/// More of anything than an account can have: a count is the attacker's to write.
const MOST: u64 = 1_000_000_000;

fn times(nanos: u64, units: u64, of: u64) -> u64 {
    let product = u128::from(nanos) * u128::from(units);
    u64::try_from((product + u128::from(of / 2)) / u128::from(of)).unwrap_or(u64::MAX)
}

/// The other resources of a report, by name: what a group's machines are made from stands in its template.
pub struct Around<'a> {
    by_name: HashMap<(&'static str, &'a str, &'a str), &'a Resource>,
    by_id: HashMap<&'a str, &'a Resource>,
}

impl<'a> Around<'a> {
    pub fn of(report: &'a Report) -> Around<'a> {
        let mut around = Around { by_name: HashMap::new(), by_id: HashMap::new() };
        for one in &report.resources {
            let names = [Some(&one.id), one.name.as_ref()].into_iter().flatten();
            for name in names.flat_map(|name| [&**name, last(name)]) {
                around.by_name.entry((one.kind, &one.account, name)).or_insert(one);
            }
            around.by_id.entry(&one.id).or_insert(one);
        }
        around
    }

    fn sizes(&self, kind: &'static str, account: &str, name: &str) -> Option<Words> {
        let found = self
            .by_name
            .get(&(kind, account, name))
            .or_else(|| self.by_name.get(&(kind, account, last(name))))?;
        Some(sizes(found))
    }

    fn launcher(&self, resource: &Resource) -> Option<&'a Resource> {
        self.by_id.get(&**resource.launched_by.as_ref()?).copied()
    }

    /// Whether it is a task of a service that is counted as a whole.
    pub fn is_paid_by_another(&self, resource: &Resource) -> bool {
        resource.kind == "aws.ecs.task"
            && self.launcher(resource).is_some_and(|launcher| {
                launcher.kind == "aws.ecs.service" && {
                    let words = sizes(launcher);
                    words.contains_key("count") && task_size(&words, launcher, self).is_ok()
                }
            })
    }
}

/// All that a resource's records tell of its size, the latest word first.
fn sizes(resource: &Resource) -> Words {
    let sized = resource.turns.iter().filter(|turn| turn.reading == Reading::Sized);
    sized.flat_map(|turn| turn.words.clone()).collect()
}

/// Returns what a resource costs an hour; `None` when something else pays for it; or why nobody knows.
pub fn rate(
    resource: &Resource,
    words: &Words,
    around: &Around,
    prices: &Prices,
) -> Result<Option<Rate>, String> {
    let region = &*resource.region;
    match resource.kind {
        "aws.ec2.instance" => instance(resource, words, around, prices).map(Some),
        "aws.ec2.capacity_reservation" => {
            let mut rate = Rate::default();
            let price = ec2(word(words, "type")?, region, prices, &mut rate)?;
            rate.runs(&price, count(words)?.saturating_mul(1000));
            rate.upper.insert("instances that run in it are counted again".into());
            Ok(Some(rate))
        }
        "aws.ec2.elastic_ip" => flat("aws", "public_ipv4", "public IPv4 address", region, prices),
        "aws.ec2.nat_gateway" => flat("aws", "nat_gateway", "NAT gateway", region, prices),
        "aws.eks.cluster" => flat("aws", "eks.cluster", "EKS control plane", region, prices),
        "aws.ec2.volume" | "aws.ec2.snapshot" => {
            let is_snapshot = resource.kind == "aws.ec2.snapshot";
            // What CreateVolume makes when no type is given.
            let kind = if is_snapshot { "snapshot" } else { words.get("type").map_or("gp2", |kind| kind) };
            let gb = number(words, "gb").ok_or("no record tells its size")?;
            let mut rate = Rate::default();
            let price = prices.of("volume", kind, region).ok_or_else(|| unknown(kind, region))?;
            rate.keeps(&price, gb);
            rate.basis.insert(format!("{kind} storage, {region}"));
            if matches!(kind, "io1" | "io2") {
                rate.lower.insert("provisioned operations are not in it".into());
            }
            Ok(Some(rate))
        }
        "aws.ecs.task" | "aws.ecs.service" => task(resource, words, around, prices),
        kind if kind.starts_with("aws.sagemaker.") => sagemaker(resource, words, around, prices).map(Some),
        "gcp.compute.instance" => machine(resource, words, around, prices, 1).map(Some),
        "gcp.compute.bulk_insert" => {
            let count = number(words, "count").ok_or("no record tells how many machines it made")?;
            machine(resource, words, around, prices, count).map(Some)
        }
        "gcp.notebooks.instance" | "gcp.aiplatform.custom_job" => {
            let mut rate = machine(resource, words, around, prices, count(words)?)?;
            rate.lower.insert("Vertex AI's own fee is not in it".into());
            Ok(Some(rate))
        }
        "gcp.compute.disk" => {
            let gb = number(words, "gb").ok_or("no record tells its size")?;
            let mut rate = Rate::default();
            disk(&mut rate, words.get("type").map_or("", |kind| kind), gb, region, prices)?;
            Ok(Some(rate))
        }
        "gcp.compute.address" => flat("gcp", "static_ip", "static external address", region, prices),
        "gcp.container.cluster" => flat("gcp", "gke.cluster", "GKE cluster fee", region, prices),
        "gcp.tpu.node" => {
            let kind = format!("tpu.{}", last(word(words, "type")?));
            let mut rate = Rate::default();
            let price = google("gcp", &kind, region, prices, &mut rate)?;
            rate.runs(&price, 1000);
            rate.basis.insert(format!("{kind} on demand, {region}"));
            spot(&mut rate, words);
            Ok(Some(rate))
        }
        kind => Err(format!("no price of {kind} is known here")),
    }
}

fn flat(
    group: &'static str,
    item: &str,
    called: &str,
    region: &str,
    prices: &Prices,
) -> Result<Option<Rate>, String> {
    let mut rate = Rate::default();
    let price = prices.of(group, item, region).ok_or_else(|| unknown(called, region))?;
    rate.uses(&price);
    rate.there = price.nanos;
    rate.basis.insert(format!("{called}, {region}"));
    Ok(Some(rate))
}

fn instance(resource: &Resource, words: &Words, around: &Around, prices: &Prices) -> Result<Rate, String> {
    let region = &*resource.region;
    let mut rate = Rate::default();
    let mut price = ec2(word(words, "type")?, region, prices, &mut rate)?;
    if is_spot(words) {
        let request = around.launcher(resource).map(sizes).unwrap_or_default();
        let ceiling = words.get("max_price").or_else(|| request.get("max_price"));
        match ceiling.and_then(|text| crate::model::cost::nanos(text)) {
            Some(ceiling) if ceiling < price.nanos => {
                price.nanos = ceiling;
                rate.upper.insert("spot: at most the highest price that was bid".into());
            }
            _ => drop(rate.upper.insert("spot: at most the on-demand price".into())),
        }
    }
    rate.runs(&price, 1000);
    if is(words, "platform", "windows") {
        rate.lower.insert("the Windows licence is not in it".into());
    }
    if words.get("tenancy").is_some_and(|tenancy| &**tenancy != "default") {
        rate.lower.insert("dedicated tenancy costs more".into());
    }
    if is(words, "public", "true")
        && let Some(price) = prices.of("aws", "public_ipv4", region)
    {
        rate.runs(&price, 1000);
        rate.basis.insert(format!("public IPv4 address, {region}"));
    }
    for (gb, kind) in list(words, "disks") {
        // What a block device mapping makes when it names no type.
        let kind = if kind.is_empty() { "gp2" } else { kind };
        match prices.of("volume", kind, region) {
            Some(price) => {
                rate.keeps(&price, gb);
                rate.basis.insert(format!("{kind} storage, {region}"));
            }
            None => drop(rate.lower.insert("its disks have no known price".into())),
        }
    }
    Ok(rate)
}

fn ec2(kind: &str, region: &str, prices: &Prices, rate: &mut Rate) -> Result<Price, String> {
    let price = prices.of("ec2", kind, region).ok_or_else(|| unknown(kind, region))?;
    rate.basis.insert(format!("{kind} on demand, {region}"));
    Ok(price)
}

/// Fargate bills the task's vCPUs and memory; on instances the instances are what costs.
fn task(
    resource: &Resource,
    words: &Words,
    around: &Around,
    prices: &Prices,
) -> Result<Option<Rate>, String> {
    let launch = words.get("provider").or_else(|| words.get("launch"));
    let launch = launch.cloned().or_else(|| {
        let service = sizes(around.launcher(resource)?);
        service.get("provider").or_else(|| service.get("launch")).cloned()
    });
    let launch = launch.ok_or("no record tells whether it runs on Fargate")?;
    if !launch.starts_with("FARGATE") {
        return Ok(None);
    }
    let own = match around.launcher(resource) {
        Some(service) if resource.kind == "aws.ecs.task" && !words.contains_key("cpu") => {
            Words::from_iter(sizes(service).into_iter().filter(|(word, _)| *word == "task_definition"))
        }
        _ => words.clone(),
    };
    let (cpu, mb) = task_size(&own, resource, around)?;
    let many = if resource.kind == "aws.ecs.service" { count(words)? } else { 1 };
    let region = &*resource.region;
    let mut rate = Rate::default();
    let price = |item: &str| prices.of("aws", item, region).ok_or_else(|| unknown("Fargate", region));
    // ECS counts 1024 to a vCPU, and MB.
    rate.runs(&price("fargate.vcpu")?, cpu.saturating_mul(many).saturating_mul(1000) / 1024);
    rate.runs(&price("fargate.gb")?, mb.saturating_mul(many).saturating_mul(1000) / 1024);
    rate.basis.insert(format!("Fargate by vCPU and GB, {region}"));
    if resource.kind == "aws.ecs.service" {
        rate.upper.insert("as many tasks as were asked for".into());
    }
    if launch.ends_with("SPOT") {
        rate.upper.insert("spot: at most the on-demand price".into());
    }
    if own.get("task_definition").is_some_and(|name| {
        around
            .sizes("aws.ecs.task_definition", &resource.account, name)
            .is_some_and(|words| is(&words, "architecture", "ARM64"))
    }) {
        rate.upper.insert("ARM tasks cost less than the price of x86".into());
    }
    Ok(Some(rate))
}

fn task_size(words: &Words, resource: &Resource, around: &Around) -> Result<(u64, u64), String> {
    let of = |words: &Words| Some((number(words, "cpu")?, number(words, "memory")?));
    let definition = || {
        let name = words.get("task_definition")?;
        of(&around.sizes("aws.ecs.task_definition", &resource.account, name)?)
    };
    of(words).or_else(definition).ok_or_else(|| "no record tells its vCPUs and memory".to_owned())
}

fn sagemaker(resource: &Resource, words: &Words, around: &Around, prices: &Prices) -> Result<Rate, String> {
    let region = &*resource.region;
    let config = words
        .get("config")
        .and_then(|name| around.sizes("aws.sagemaker.endpoint_config", &resource.account, name));
    let words = config.as_ref().unwrap_or(words);
    let kind = word(words, "type")?;
    let mut rate = Rate::default();
    let price = match prices.of("sagemaker", kind, region) {
        Some(price) => {
            rate.basis.insert(format!("{kind} on demand, {region}"));
            price
        }
        None => {
            let plain = kind.strip_prefix("ml.").unwrap_or(kind);
            rate.lower.insert("at least what EC2 takes for the same machine".into());
            ec2(plain, region, prices, &mut rate)?
        }
    };
    rate.runs(&price, count(words)?.saturating_mul(1000));
    Ok(rate)
}

/// A Google machine: by vCPU, memory and accelerators, or whole where the list has it whole.
fn machine(
    resource: &Resource,
    words: &Words,
    around: &Around,
    prices: &Prices,
    many: u64,
) -> Result<Rate, String> {
    let region = &*resource.region;
    let words = &with_template(resource, words, around);
    let name = last(word(words, "type")?);
    let mut rate = Rate::default();
    let shape = shape(name);
    match google("gce", name, region, prices, &mut rate) {
        Ok(price) => rate.runs(&price, many.saturating_mul(1000)),
        Err(_) => {
            let shape = shape.as_ref().ok_or_else(|| unknown(name, region))?;
            let mut price = |unit: &str| {
                let mut price = google("gce", &format!("{}.{unit}", shape.family), region, prices, &mut rate)
                    .map_err(|_| unknown(name, region))?;
                if shape.is_custom && shape.family != "e2" {
                    price.nanos = times(price.nanos, 105, 100);
                }
                Ok::<Price, String>(price)
            };
            let (vcpu, gb) = (price("vcpu")?, price("gb")?);
            rate.runs(&vcpu, shape.milli_vcpu.saturating_mul(many));
            rate.runs(&gb, shape.mb.saturating_mul(many).saturating_mul(1000) / 1024);
            if let Some((accelerator, count)) = shape.accelerator {
                accelerators(&mut rate, accelerator, count.saturating_mul(many), region, prices);
            }
            if shape.local_gb > 0 {
                disk(&mut rate, "local-ssd", shape.local_gb.saturating_mul(many), region, prices)?;
            }
            if shape.is_extended {
                rate.lower.insert("extended memory costs more".into());
            }
        }
    }
    rate.basis.insert(format!("{name} on demand, {region}"));
    // Types that bring their accelerators list them too.
    let brings = name.starts_with("a2-") || name.starts_with("a3-") || name.starts_with("g2-");
    for (count, kind) in list(words, "accelerators").filter(|_| !brings) {
        accelerators(&mut rate, kind, count.saturating_mul(many), region, prices);
    }
    if let Some(addresses) = number(words, "addresses")
        && let Some(price) = prices.of("gcp", "external_ip", region)
    {
        rate.runs(&price, addresses.saturating_mul(many).saturating_mul(1000));
        rate.basis.insert(format!("external IPv4 address, {region}"));
    }
    for (gb, kind) in list(words, "disks") {
        if disk(&mut rate, kind, gb.saturating_mul(many), region, prices).is_err() {
            rate.lower.insert("its disks have no known price".into());
        }
    }
    spot(&mut rate, words);
    Ok(rate)
}

/// Accelerators are named as Vertex (`NVIDIA_TESLA_T4`) or Compute Engine (`nvidia-tesla-t4`) writes them.
fn accelerators(rate: &mut Rate, kind: &str, count: u64, region: &str, prices: &Prices) {
    let kind = kind.to_ascii_lowercase().replace('_', "-");
    match google("gce", &kind, region, prices, rate) {
        Ok(price) => {
            rate.runs(&price, count.saturating_mul(1000));
            rate.basis.insert(format!("{kind}, {region}"));
        }
        Err(_) => drop(rate.lower.insert("its accelerators have no known price".into())),
    }
}

fn disk(rate: &mut Rate, kind: &str, gb: u64, region: &str, prices: &Prices) -> Result<(), String> {
    // What Compute Engine makes when no type is given.
    let kind = if kind.is_empty() { "pd-standard" } else { last(kind) };
    let price = google("disk", kind, region, prices, rate)?;
    rate.keeps(&price, gb);
    rate.basis.insert(format!("{kind} storage, {region}"));
    Ok(())
}

/// Where no region's own price is known, that of `us-central1`, than which hardly any region is cheaper.
fn google(
    group: &'static str,
    item: &str,
    region: &str,
    prices: &Prices,
    rate: &mut Rate,
) -> Result<Price, String> {
    if let Some(price) = prices.of(group, item, region) {
        return Ok(price);
    }
    let price = prices.of(group, item, "us-central1").ok_or_else(|| unknown(item, region))?;
    rate.lower.insert(format!("no price of {region} is known: that of us-central1"));
    Ok(price)
}

/// A group's machines bear no size in their own records: their template does.
fn with_template(resource: &Resource, words: &Words, around: &Around) -> Words {
    if words.contains_key("type") {
        return words.clone();
    }
    let group = around.launcher(resource).map(sizes).unwrap_or_default();
    let template = words
        .get("template")
        .or_else(|| group.get("template"))
        .and_then(|name| around.sizes("gcp.compute.instance_template", &resource.account, name));
    let mut all = template.unwrap_or_default();
    all.extend(words.clone());
    all
}

fn spot(rate: &mut Rate, words: &Words) {
    if is_spot(words) || is(words, "preemptible", "true") {
        rate.upper.insert("spot: at most the on-demand price".into());
    }
}

fn is_spot(words: &Words) -> bool {
    is(words, "lifecycle", "spot")
}

fn is(words: &Words, word: &str, text: &str) -> bool {
    words.get(word).is_some_and(|found| found.eq_ignore_ascii_case(text))
}

fn word<'w>(words: &'w Words, word: &str) -> Result<&'w str, String> {
    words.get(word).map(|text: &Arc<str>| &**text).ok_or_else(|| format!("no record tells its {word}"))
}

fn number(words: &Words, word: &str) -> Option<u64> {
    words.get(word)?.parse().ok().filter(|number| *number <= MOST)
}

/// How many, one where no record says otherwise.
fn count(words: &Words) -> Result<u64, String> {
    match words.contains_key("count") {
        true => number(words, "count").ok_or_else(|| "its count is no number".to_owned()),
        false => Ok(1),
    }
}

/// Things written as `<count>*<name>,…`.
fn list<'w>(words: &'w Words, word: &str) -> impl Iterator<Item = (u64, &'w str)> {
    words.get(word).map_or("", |text| text).split(',').filter_map(|one| {
        let (count, name) = one.split_once('*')?;
        Some((count.parse().ok().filter(|count| *count <= MOST)?, name))
    })
}

fn unknown(item: &str, region: &str) -> String {
    format!("no price of {item} in {region} is known here")
}
