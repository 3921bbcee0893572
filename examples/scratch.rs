use std::collections::BTreeMap;
use triage::model::*;
use triage::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let kind = if a[1].starts_with("AKIA") {
        PrincipalKind::AccessKey
    } else if a[1].starts_with("arn:") {
        PrincipalKind::User
    } else {
        PrincipalKind::ServiceAccount
    };
    let prov = if kind == PrincipalKind::ServiceAccount { Provider::Gcp } else { Provider::Aws };
    let p = Principal {
        given: a[1].clone(),
        provider: prov,
        kind,
        id: a[1].as_str().into(),
        account: None,
        arn: (kind == PrincipalKind::User).then(|| a[1].as_str().into()),
        email: (prov == Provider::Gcp).then(|| a[1].as_str().into()),
        unique_id: None,
        key: None,
    };
    let leaked = std::env::var("LEAKED").ok().map(|t| t.parse().unwrap());
    let mut inv = analyze::Investigation::new(p, report::Window { leaked_at: leaked, ..Default::default() });
    let mut n = 0;
    let mut bad: BTreeMap<String, u32> = BTreeMap::new();
    fn walk(d: &std::path::Path, out: &mut Vec<std::path::PathBuf>) {
        for e in std::fs::read_dir(d).unwrap() {
            let p = e.unwrap().path();
            if p.is_dir() { walk(&p, out) } else { out.push(p) }
        }
    }
    let mut files = vec![];
    walk(std::path::Path::new(&a[2]), &mut files);
    for f in files {
        let t = std::fs::read_to_string(&f).unwrap();
        let name = f.file_name().unwrap().to_string_lossy().to_string();
        if name == "ANSWER.json"
            || f.to_string_lossy().contains("/expect/")
            || name == "case.json"
            || name.ends_with(".md")
            || name.ends_with(".py")
            || name.ends_with(".txt")
        {
            continue;
        }
        if f.to_string_lossy().contains("/inventory/") {
            for l in t.lines() {
                let look = read::inventory::read(l.as_bytes()).unwrap();
                for o in look.observed {
                    inv.observe(o)
                }
                for l in look.listings {
                    inv.listed(l)
                }
                for g in look.gaps {
                    inv.missed(g)
                }
            }
            continue;
        }
        let recs: Vec<String> = if name.ends_with(".ndjson") {
            t.lines().map(|s| s.to_string()).collect()
        } else {
            let v: serde_json::Value = serde_json::from_str(&t).unwrap();
            v["Records"].as_array().unwrap().iter().map(|r| r.to_string()).collect()
        };
        for r in recs {
            n += 1;
            match read::read(r.as_bytes(), Provenance::default()) {
                Ok(Some(e)) => inv.absorb(e),
                Ok(None) => {}
                Err(e) => *bad.entry(e.0).or_default() += 1,
            }
        }
    }
    eprintln!("{n} records, bad {bad:?}");
    let r = inv.report();
    println!("{}", serde_json::to_string_pretty(&r).unwrap());
}
