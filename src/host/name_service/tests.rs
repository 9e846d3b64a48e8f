use proptest::prelude::*;

use super::*;

fn needs(switch: &str, passwd: &str) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let roots = Roots::at(folder.path());
    std::fs::create_dir(roots.etc("")).unwrap();
    std::fs::write(roots.etc("nsswitch.conf"), switch).unwrap();
    std::fs::write(roots.etc("passwd"), passwd).unwrap();
    name_service_needs_network(&roots)
}

const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\n";

#[test]
fn local_services_need_no_network() {
    for switch in [
        "",
        "hosts: files dns\n",
        "passwd: files systemd\ngroup: nis\n",
        "passwd:         files sss winbind # ldap\n",
        "# passwd: ldap\npasswd: compat\n",
        "passwd:files[NOTFOUND=return]systemd\n",
        "passwd: files [!UNAVAIL=return nis] extrausers\n",
        "passwd: compat\npasswd_compat: nis\n",
        "\tpasswd :\tfiles\nno colon\n",
    ] {
        assert_eq!(needs(switch, PASSWD), None, "{switch}");
    }
    let nowhere = tempfile::tempdir().unwrap();
    assert_eq!(name_service_needs_network(&Roots::at(nowhere.path())), None);
}

#[test]
fn what_may_ask_the_network_is_named() {
    for (switch, passwd, service) in [
        ("passwd: files ldap\n", PASSWD, "ldap"),
        ("passwd: files nis [NOTFOUND=return]\n", PASSWD, "nis"),
        ("passwd: files oslogin\n", PASSWD, "oslogin"),
        ("passwd: files [SUCCESS=merge] hesiod\npasswd: files\n", PASSWD, "hesiod"),
        ("passwd: compat\n", "root:x:0:0::/:/bin/sh\n+::::::\n", "nis"),
        ("passwd: compat\npasswd_compat: ldap\n", "+@admins::::::\n", "ldap"),
    ] {
        let why = needs(switch, passwd).unwrap_or_default();
        assert!(why.contains(&format!("\"{service}\"")), "{switch}: {why}");
        assert!(why.contains("/etc/nsswitch.conf"), "{why}");
    }
    assert_eq!(needs("passwd: compat\npasswd_compat: sss\n", "+::::::\n"), None);
}

proptest! {
    #[test]
    fn rubbish_is_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = passwd_services(&bytes);
    }

    #[test]
    fn brackets_and_comments_never_name_a_service(
        words in proptest::collection::vec("[a-z]{1,8}|\\[[a-z!=]{0,9}\\]|#|:", 0..20)
    ) {
        let text = format!("passwd: {}", words.join(" "));
        let services = passwd_services(text.as_bytes());
        prop_assert!(services.asked.iter().all(|name| !name.contains(['[', ']', '#'])));
    }
}
