//! The published totals, and the same totals for a registry of any size.
//!
//! At 3,200,000 people every figure is the one in the tables below. Another size scales each table by largest remainder:
//! parts are rounded down and the places left over go to the parts with the largest remainders, so that every table still
//! sums to what it must. Children and files are not scaled as totals but by families and holders of each size; their
//! totals follow.

use super::words::Category;

/// The population of the published figures, and the size a registry has unless told otherwise.
pub const FULL_SIZE: u32 = 3_200_000;
/// The smallest registry in which the margins still mean something.
pub const MIN_SIZE: u32 = 1_000;
/// The largest registry: each person has one of a hundred million numbers, and most numbers must stay nobody's.
pub const MAX_SIZE: u32 = 20_000_000;

/// How many people have each status, in the order of [`super::Status`].
const STATUSES: [u64; 5] = [1_641_557, 272_378, 327_774, 205_043, 753_248];
/// How many registered people each category has, in the order of [`super::Category`] (nobody in `other`).
const CATEGORIES: [u64; 12] =
    [766_420, 300_066, 213_012, 192_558, 96_223, 25_551, 23_861, 8_276, 6_140, 5_029, 4_421, 0];
/// How many unregistered people each [`GROUPS`] entry has.
const GROUP_TOTALS: [u64; 4] = [833_580, 258_640, 307_442, 158_781];
/// The groups in which the unregistered are counted, with how each is divided among its categories. The totals of the
/// groups are published or derived; the division inside a group is an assumption: as among the registered, and in the last
/// group half are those whose decrees were still awaited.
const GROUPS: [&[(Category, u64)]; 4] = [
    &[(Category::Farm, 1)],
    &[(Category::Cpu, 213_012), (Category::Ae, 300_066), (Category::Comc, 23_861), (Category::Artc, 4_421)],
    &[(Category::Art, 1)],
    &[
        (Category::Other, 141_219),
        (Category::Taxi, 96_223),
        (Category::Med, 25_551),
        (Category::Artist, 8_276),
        (Category::Legal, 6_140),
        (Category::Arch, 5_029),
    ],
];
/// Registered farmers by region.
const REGIONS_FARM: [u64; 12] =
    [81_436, 45_722, 95_558, 78_991, 73_262, 103_434, 147_643, 61_335, 66_793, 8_817, 1_323, 2_106];
/// Everybody else registered, by region.
const REGIONS_OTHER: [u64; 12] =
    [91_623, 62_322, 109_684, 127_636, 59_155, 196_725, 100_035, 33_229, 66_910, 11_588, 12_113, 4_117];
/// Registered people with spouse and children, children only, spouse only, neither.
const FAMILIES: [u64; 4] = [48_535, 12_189, 24_000, 1_556_833];
/// Families with 1, 2, … 6 children.
const CHILDREN_OF: [u64; 6] = [19_433, 21_859, 12_145, 4_858, 1_822, 607];
/// Registered people with 1, 2, 3, 4 health-care files, and with none.
const FILES_OF: [u64; 5] = [40_000, 11_431, 4_000, 1_714, 1_584_412];
/// States of health-care files in per cent, in the order of [`super::FileState`].
const FILE_STATES: [u64; 5] = [18, 34, 12, 33, 3];
/// Of the registered: portal accounts; paid up; registered on or before 10 December 2021.
const PORTAL: u64 = 209_848;
const PAID_UP: u64 = 262_649;
const EARLY: u64 = 560_000;
const REGISTERED: u64 = 1_641_557;
/// Phones on file, in per cent: farmers, everybody else.
const PHONE: [u64; 2] = [70, 85];

/// Every total a registry of one size has to meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Margins {
    /// How many people there are.
    pub size: u32,
    /// People by status, in the order of [`super::Status`].
    pub statuses: [u32; 5],
    /// Registered people by category, in the order of [`super::Category`].
    pub categories: [u32; 12],
    /// Unregistered people: a row for each status after `registered`, a column for each of the four groups (farmers;
    /// traders and auto-entrepreneurs; artisans; all others).
    pub groups: [[u32; 4]; 4],
    /// Registered farmers by region.
    pub regions_farm: [u32; 12],
    /// Everybody else registered, by region.
    pub regions_other: [u32; 12],
    /// Registered people with spouse and children, children only, spouse only, neither.
    pub families: [u32; 4],
    /// Families with 1, 2, … 6 children.
    pub children_of: [u32; 6],
    /// People with 1, 2, 3, 4 health-care files.
    pub files_of: [u32; 4],
    /// Health-care files by state, in the order of [`super::FileState`].
    pub file_states: [u32; 5],
    /// Portal accounts.
    pub portal: u32,
    /// Registered people who pay as contributions fall due.
    pub paid_up: u32,
    /// Registered on or before 10 December 2021.
    pub early: u32,
    /// Registered farmers, and others registered, with a phone on file.
    pub phones: [u32; 2],
}

impl Margins {
    /// The margins of a registry of `size` people, which must lie between [`MIN_SIZE`] and [`MAX_SIZE`].
    pub fn of(size: u32) -> Margins {
        let statuses: [u32; 5] = scale(size, &STATUSES);
        let registered = statuses[0];
        let categories: [u32; 12] = scale(registered, &CATEGORIES);
        let farm = categories[Category::Farm as usize];
        let group_totals: [u32; 4] = scale(size - registered, &GROUP_TOTALS);
        let families: [u32; 4] = scale(registered, &FAMILIES);
        let files: [u32; 5] = scale(registered, &FILES_OF);
        let files_of = [files[0], files[1], files[2], files[3]];
        let of = |counts: &[Category]| counts.iter().map(|&c| categories[c as usize]).sum::<u32>();
        let before = of(&[Category::Med, Category::Legal]);
        let bulk = of(&[Category::Ae, Category::Cpu, Category::Comc, Category::Artc]);
        Margins {
            size,
            statuses,
            categories,
            groups: two_way(&[statuses[1], statuses[2], statuses[3], statuses[4]], &group_totals),
            regions_farm: scale(farm, &REGIONS_FARM),
            regions_other: scale(registered - farm, &REGIONS_OTHER),
            families,
            children_of: scale(families[0] + families[1], &CHILDREN_OF),
            files_of,
            file_states: scale(weighted(&files_of), &FILE_STATES),
            portal: share(registered, PORTAL, REGISTERED),
            paid_up: share(registered, PAID_UP, REGISTERED),
            early: share(registered, EARLY, REGISTERED).clamp(before, before + bulk),
            phones: [share(farm, PHONE[0], 100), share(registered - farm, PHONE[1], 100)],
        }
    }

    /// People with a registration number.
    pub fn registered(&self) -> u32 {
        self.statuses[0]
    }
    /// Declared spouses.
    pub fn spouses(&self) -> u32 {
        self.families[0] + self.families[2]
    }
    /// Declared children.
    pub fn children(&self) -> u32 {
        weighted(&self.children_of)
    }
    /// Registered people, spouses and children together.
    pub fn beneficiaries(&self) -> u32 {
        self.registered() + self.spouses() + self.children()
    }
    /// People with at least one health-care file.
    pub fn file_holders(&self) -> u32 {
        self.files_of.iter().sum()
    }
    /// Health-care files.
    pub fn files(&self) -> u32 {
        weighted(&self.files_of)
    }
    /// The unregistered of one row and column of [`Margins::groups`], by category.
    pub fn group_categories(&self, row: usize, group: usize) -> Vec<(Category, u32)> {
        let weights: Vec<u64> = GROUPS[group].iter().map(|&(_, weight)| weight).collect();
        let counts = largest_remainder(self.groups[row][group], &weights);
        GROUPS[group].iter().map(|&(category, _)| category).zip(counts).collect()
    }
}

/// The group (column of [`Margins::groups`]) a category is counted in.
pub fn group_of(category: Category) -> usize {
    GROUPS.iter().position(|group| group.iter().any(|&(c, _)| c == category)).unwrap_or(GROUPS.len() - 1)
}

/// The relative weights of the regions for a category: what the unregistered are drawn by.
pub fn region_weights(category: Category) -> &'static [u64; 12] {
    if category == Category::Farm { &REGIONS_FARM } else { &REGIONS_OTHER }
}

/// 1·c₀ + 2·c₁ + …: children from families by size, files from holders by count.
fn weighted(counts: &[u32]) -> u32 {
    (1..).zip(counts).map(|(k, &count): (u32, _)| k * count).sum()
}

/// The part of `total` that is to it as `part` to `whole`, to the nearest (the largest remainder of two parts).
fn share(total: u32, part: u64, whole: u64) -> u32 {
    ((2 * u64::from(total) * part + whole) / (2 * whole)) as u32
}

fn scale<const N: usize>(total: u32, weights: &[u64; N]) -> [u32; N] {
    let counts = largest_remainder(total, weights);
    std::array::from_fn(|i| counts[i])
}

/// Divides `total` in proportion to `weights` into whole numbers that sum to it. Equal remainders go in order.
pub fn largest_remainder(total: u32, weights: &[u64]) -> Vec<u32> {
    let sum = weights.iter().map(|&w| u128::from(w)).sum::<u128>().max(1);
    let exact = |w: u64| u128::from(total) * u128::from(w);
    let mut counts: Vec<u32> = weights.iter().map(|&w| (exact(w) / sum) as u32).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(exact(weights[i]) % sum));
    let left = total - counts.iter().sum::<u32>();
    for &i in order.iter().take(left as usize) {
        counts[i] += 1;
    }
    counts
}

/// A table with the given row and column sums, as near to proportional as whole numbers allow: cells are rounded down,
/// then the places left go to the largest remainders whose row and column both still lack some.
fn two_way<const R: usize, const C: usize>(rows: &[u32; R], columns: &[u32; C]) -> [[u32; C]; R] {
    let total = rows.iter().map(|&r| u64::from(r)).sum::<u64>().max(1);
    let exact = |r: usize, c: usize| u64::from(rows[r]) * u64::from(columns[c]);
    let mut table: [[u32; C]; R] = std::array::from_fn(|r| std::array::from_fn(|c| (exact(r, c) / total) as u32));
    let mut row_left: Vec<u32> = (0..R).map(|r| rows[r] - table[r].iter().sum::<u32>()).collect();
    let mut column_left: Vec<u32> = (0..C).map(|c| columns[c] - table.iter().map(|row| row[c]).sum::<u32>()).collect();
    let mut cells: Vec<(usize, usize)> = (0..R).flat_map(|r| (0..C).map(move |c| (r, c))).collect();
    cells.sort_by_key(|&(r, c)| std::cmp::Reverse(exact(r, c) % total));
    // Each pass places at least one: as long as a row lacks some, so does a column, and their cell is in the list.
    while row_left.iter().any(|&left| left > 0) {
        for &(r, c) in &cells {
            if row_left[r] > 0 && column_left[c] > 0 {
                table[r][c] += 1;
                row_left[r] -= 1;
                column_left[c] -= 1;
            }
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_registry_has_the_published_figures() {
        let full = Margins::of(FULL_SIZE);
        assert_eq!(full.statuses.map(u64::from), STATUSES);
        assert_eq!(full.categories.map(u64::from), CATEGORIES);
        assert_eq!(full.regions_farm.map(u64::from), REGIONS_FARM);
        assert_eq!(full.regions_other.map(u64::from), REGIONS_OTHER);
        assert_eq!(full.children_of.map(u64::from), CHILDREN_OF);
        assert_eq!((full.spouses(), full.children(), full.beneficiaries()), (72_535, 131_770, 1_845_862));
        assert_eq!((full.files(), full.file_holders()), (81_718, 57_145));
        assert_eq!((full.portal, full.paid_up, full.early), (209_848, 262_649, 560_000));
    }

    #[test]
    fn every_table_sums_to_what_it_must_at_any_size() {
        for size in [1_000, 1_001, 4_567, 32_000, 100_001, 3_199_999, FULL_SIZE, MAX_SIZE] {
            let m = Margins::of(size);
            assert_eq!(m.statuses.iter().sum::<u32>(), size);
            assert_eq!(m.categories.iter().sum::<u32>(), m.registered());
            assert_eq!(m.regions_farm.iter().chain(&m.regions_other).sum::<u32>(), m.registered());
            assert_eq!(m.families.iter().sum::<u32>(), m.registered());
            assert_eq!(m.file_states.iter().sum::<u32>(), m.files());
            for row in 0..4 {
                assert_eq!(m.groups[row].iter().sum::<u32>(), m.statuses[row + 1], "{size}");
                let by_category = (0..4).flat_map(|group| m.group_categories(row, group));
                assert_eq!(by_category.map(|(_, n)| n).sum::<u32>(), m.statuses[row + 1]);
            }
        }
    }

    #[test]
    fn places_left_over_go_to_the_largest_remainders() {
        assert_eq!(largest_remainder(10, &[1, 1, 1]), [4, 3, 3]);
        assert_eq!(largest_remainder(7, &[50, 30, 20]), [4, 2, 1]);
        assert_eq!(largest_remainder(0, &[1, 2]), [0, 0]);
        assert_eq!(two_way(&[5, 5], &[3, 3, 4]).map(|row| row.iter().sum::<u32>()), [5, 5]);
    }
}
