//! Google's machine types by name: how many vCPUs, how much memory, which accelerators (its price list knows no types).

/// What a machine of a type is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    pub family: String,
    /// Billed vCPUs in thousandths: shared-core types pay for a part of theirs.
    pub milli_vcpu: u64,
    pub mb: u64,
    /// Accelerator and number that the type itself brings.
    pub accelerator: Option<(&'static str, u64)>,
    /// Local SSDs that it brings, in GB.
    pub local_gb: u64,
    /// Custom types cost 5 % more than predefined ones, but for E2.
    pub is_custom: bool,
    /// More memory per vCPU than the family has, at a price of its own.
    pub is_extended: bool,
}

const GB: u64 = 1024;

/// MB of memory per vCPU, by family and class.
const MEMORY: &[(&str, &str, u64)] = &[
    ("c2", "standard", 4 * GB),
    ("c2d", "highcpu", 2 * GB),
    ("c2d", "highmem", 8 * GB),
    ("c2d", "standard", 4 * GB),
    ("c3", "highcpu", 2 * GB),
    ("c3", "highmem", 8 * GB),
    ("c3", "standard", 4 * GB),
    ("c3d", "highcpu", 2 * GB),
    ("c3d", "highmem", 8 * GB),
    ("c3d", "standard", 4 * GB),
    ("c4", "highcpu", 2 * GB),
    ("c4", "highmem", 7936),
    ("c4", "standard", 3840),
    ("e2", "highcpu", GB),
    ("e2", "highmem", 8 * GB),
    ("e2", "standard", 4 * GB),
    ("n1", "highcpu", 922),
    ("n1", "highmem", 6656),
    ("n1", "standard", 3840),
    ("n2", "highcpu", GB),
    ("n2", "highmem", 8 * GB),
    ("n2", "standard", 4 * GB),
    ("n2d", "highcpu", GB),
    ("n2d", "highmem", 8 * GB),
    ("n2d", "standard", 4 * GB),
    ("t2d", "standard", 4 * GB),
];

/// Type, thousandths of vCPUs, MB, accelerators, GB of local SSD.
type Fixed = (&'static str, u64, u64, Option<(&'static str, u64)>, u64);

/// Types that their name does not spell out: type, thousandths of vCPUs, MB, accelerators, GB of local SSD.
const FIXED: &[Fixed] = &[
    ("a2-highgpu-1g", 12_000, 85 * GB, Some(("nvidia-tesla-a100", 1)), 0),
    ("a2-highgpu-2g", 24_000, 170 * GB, Some(("nvidia-tesla-a100", 2)), 0),
    ("a2-highgpu-4g", 48_000, 340 * GB, Some(("nvidia-tesla-a100", 4)), 0),
    ("a2-highgpu-8g", 96_000, 680 * GB, Some(("nvidia-tesla-a100", 8)), 0),
    ("a2-megagpu-16g", 96_000, 1360 * GB, Some(("nvidia-tesla-a100", 16)), 0),
    ("a2-ultragpu-1g", 12_000, 170 * GB, Some(("nvidia-a100-80gb", 1)), 375),
    ("a2-ultragpu-2g", 24_000, 340 * GB, Some(("nvidia-a100-80gb", 2)), 750),
    ("a2-ultragpu-4g", 48_000, 680 * GB, Some(("nvidia-a100-80gb", 4)), 1500),
    ("a2-ultragpu-8g", 96_000, 1360 * GB, Some(("nvidia-a100-80gb", 8)), 3000),
    ("e2-medium", 1000, 4 * GB, None, 0),
    ("e2-micro", 250, GB, None, 0),
    ("e2-small", 500, 2 * GB, None, 0),
    ("m1-megamem-96", 96_000, 1_467_392, None, 0),
    ("m1-ultramem-160", 160_000, 3844 * GB, None, 0),
    ("m1-ultramem-40", 40_000, 961 * GB, None, 0),
    ("m1-ultramem-80", 80_000, 1922 * GB, None, 0),
];

/// Reads the name of a machine type, as a path or by itself; none for a type that is not known here.
pub fn shape(name: &str) -> Option<Shape> {
    let name = last(name);
    if let Some((_, milli_vcpu, mb, accelerator, local_gb)) = FIXED.iter().find(|(fixed, ..)| *fixed == name)
    {
        return Some(Shape {
            family: name.split('-').next()?.to_owned(),
            milli_vcpu: *milli_vcpu,
            mb: *mb,
            accelerator: *accelerator,
            local_gb: *local_gb,
            is_custom: false,
            is_extended: false,
        });
    }
    let parts: Vec<&str> = name.split('-').collect();
    let plain = |family: &str, vcpu: u64, mb: u64| Shape {
        family: family.to_owned(),
        milli_vcpu: vcpu.saturating_mul(1000),
        mb,
        accelerator: None,
        local_gb: 0,
        is_custom: false,
        is_extended: false,
    };
    // `n2-custom-8-16384-ext`; without a family it is N1.
    let custom = match parts[..] {
        ["custom", vcpu, mb] => Some(("n1", vcpu, mb, false)),
        ["custom", vcpu, mb, "ext"] => Some(("n1", vcpu, mb, true)),
        [family, "custom", vcpu, mb] => Some((family, vcpu, mb, false)),
        [family, "custom", vcpu, mb, "ext"] => Some((family, vcpu, mb, true)),
        _ => None,
    };
    if let Some((family, vcpu, mb, is_extended)) = custom {
        let vcpu = vcpu.parse().ok().filter(|vcpu| *vcpu <= MOST_VCPU)?;
        let mb = mb.parse().ok().filter(|mb| *mb <= MOST_MB)?;
        return Some(Shape { is_custom: true, is_extended, ..plain(family, vcpu, mb) });
    }
    let [family, class, vcpu] = parts[..] else { return None };
    let vcpu: u64 = vcpu.parse().ok().filter(|vcpu| *vcpu <= MOST_VCPU)?;
    let (_, _, per_vcpu) = MEMORY.iter().find(|(one, of, _)| *one == family && *of == class)?;
    let mut mb = vcpu * per_vcpu;
    if family == "c4" {
        mb -= mb % GB;
    }
    Some(plain(family, vcpu, mb))
}

/// The parts of a machine type that have prices of their own, as the table names them.
pub fn parts(name: &str) -> Vec<String> {
    let Some(shape) = shape(name) else { return Vec::new() };
    let own = ["vcpu", "gb"].map(|unit| format!("{}.{unit}", shape.family));
    own.into_iter().chain(shape.accelerator.map(|(name, _)| name.to_owned())).collect()
}

/// No machine has more; a name is the attacker's to choose.
const MOST_VCPU: u64 = 10_000;
const MOST_MB: u64 = 1_000_000_000;

/// The last part of a path.
pub fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}
