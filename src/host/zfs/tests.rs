use super::*;

const TWO_SECONDS: Duration = Duration::from_secs(2);

fn datasets(each: &[(&str, u64, u64)]) -> Sample {
    let one = |&(name, read, written): &(&str, u64, u64)| {
        (name.to_owned(), Transferred { read, written })
    };
    Sample::Datasets(each.iter().map(one).collect())
}

fn per_second_of(read: u64, written: u64) -> Option<(BytesPerSecond, BytesPerSecond)> {
    Some((BytesPerSecond(read), BytesPerSecond(written)))
}

#[test]
fn a_pools_rate_is_that_of_its_datasets() {
    let earlier = datasets(&[("objset-0x36", 1000, 10), ("objset-0x5", 0, 0)]);
    let later = datasets(&[("objset-0x36", 3000, 10), ("objset-0x5", 200, 4000)]);
    assert_eq!(rates(&earlier, &later, TWO_SECONDS), per_second_of(1100, 2000));
    assert_eq!(rates(&later, &later, TWO_SECONDS), per_second_of(0, 0));
}

#[test]
fn datasets_that_come_go_or_start_over_do_not_count() {
    let earlier = datasets(&[("stays", 1000, 0), ("goes", 1 << 40, 0), ("mounted-anew", 5000, 5)]);
    let later = datasets(&[("stays", 1200, 0), ("comes", 1 << 40, 0), ("mounted-anew", 50, 6)]);
    assert_eq!(rates(&earlier, &later, TWO_SECONDS), per_second_of(100, 0));
    let others = datasets(&[("comes", 1, 1)]);
    assert_eq!(rates(&earlier, &others, TWO_SECONDS), None, "none is in both");
}

#[test]
fn before_2_1_the_pool_itself_has_a_rate() {
    let pool = |read, written| Sample::Pool(Transferred { read, written });
    assert_eq!(rates(&pool(0, 0), &pool(2000, 8), TWO_SECONDS), per_second_of(1000, 4));
    assert_eq!(rates(&pool(5, 0), &pool(4, 8), TWO_SECONDS), None, "imported anew");
    assert_eq!(rates(&pool(0, 0), &datasets(&[("a", 1, 1)]), TWO_SECONDS), None);
}
