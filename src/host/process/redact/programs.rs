//! Programs that take a password by a flag that does not say so.

use super::{Expected, Marks};

/// How a program takes passwords.
#[derive(Debug)]
pub(super) struct Program {
    names: &'static [&'static str],
    /// Flags with the password right behind: `-psecret`.
    attached: &'static [&'static str],
    /// Flags with the password in the next argument.
    spaced: &'static [&'static str],
    /// Flags with user, this character and password, attached or in the next argument.
    pairs: &'static [(&'static str, char)],
    /// The word that must have come before the flags mean that.
    pub(super) after: Option<&'static str>,
}

const NONE: Program = Program { names: &[], attached: &[], spaced: &[], pairs: &[], after: None };

const PROGRAMS: [Program; 21] = [
    Program {
        names: &[
            "mysql",
            "mysqldump",
            "mysqladmin",
            "mysqlimport",
            "mysqlcheck",
            "mysqlshow",
            "mysqlslap",
            "mysqlsh",
            "mysqlbinlog",
            "mariadb",
            "mariadb-dump",
            "mariadb-admin",
            "mariabackup",
            "xtrabackup",
            "mycli",
        ],
        attached: &["-p"],
        ..NONE
    },
    Program { names: &["sshpass"], attached: &["-p"], spaced: &["-p"], ..NONE },
    // What sshpass starts has a -p of its own: the port.
    Program { names: &["ssh", "scp", "sftp", "rsync"], ..NONE },
    Program {
        names: &["curl"],
        pairs: &[("-u", ':'), ("--user", ':'), ("-U", ':'), ("--proxy-user", ':')],
        ..NONE
    },
    Program { names: &["http", "https", "xh"], pairs: &[("-a", ':'), ("--auth", ':')], ..NONE },
    Program { names: &["redis-cli", "valkey-cli", "keydb-cli"], spaced: &["-a"], ..NONE },
    Program {
        names: &["mongo", "mongosh", "mongodump", "mongorestore", "mongoexport", "mongoimport"],
        attached: &["-p"],
        spaced: &["-p"],
        ..NONE
    },
    Program {
        names: &["docker", "podman", "nerdctl", "buildah", "skopeo", "helm", "oras", "az", "oc"],
        spaced: &["-p"],
        after: Some("login"),
        ..NONE
    },
    Program {
        names: &["ldapsearch", "ldapadd", "ldapmodify", "ldapdelete", "ldapwhoami", "ldappasswd"],
        attached: &["-w"],
        spaced: &["-w"],
        ..NONE
    },
    Program { names: &["smbclient", "rpcclient", "net"], pairs: &[("-U", '%')], ..NONE },
    Program { names: &["lftp"], pairs: &[("-u", ',')], ..NONE },
    Program { names: &["7z", "7za", "7zr", "7zz"], attached: &["-p"], ..NONE },
    Program { names: &["rar", "unrar"], attached: &["-p", "-hp"], ..NONE },
    Program { names: &["zip", "unzip"], spaced: &["-P"], ..NONE },
    Program {
        names: &["sqlcmd", "bcp", "ipmitool", "mosquitto_pub", "mosquitto_sub"],
        attached: &["-P"],
        spaced: &["-P"],
        ..NONE
    },
    Program {
        names: &["xfreerdp", "xfreerdp3", "wlfreerdp", "sdl-freerdp"],
        attached: &["/p:", "/password:"],
        ..NONE
    },
    Program { names: &["rdesktop", "cqlsh", "useradd", "usermod"], spaced: &["-p"], ..NONE },
    Program { names: &["plink", "pscp", "psftp"], spaced: &["-pw"], ..NONE },
    Program { names: &["snmpwalk", "snmpget", "snmpset"], spaced: &["-c", "-A", "-X"], ..NONE },
    Program { names: &["nmcli"], spaced: &["password", "wifi-sec.psk"], ..NONE },
    Program { names: &["openssl"], spaced: &["-k", "-K"], ..NONE },
];

/// Words, not flags, after which a secret follows.
pub(super) const BARE_WORDS: [&str; 2] = ["authtoken", "add-authtoken"];

/// The program of this name or path, if it is one of these.
pub(super) fn named(argument: &str) -> Option<&'static Program> {
    let name = match argument.rsplit_once('/') {
        Some((folder, name)) if folder.ends_with("bin") => name,
        Some(_) => return None,
        None => argument,
    };
    PROGRAMS.iter().find(|program| program.names.contains(&name))
}

impl Program {
    /// Marks a password in this argument or says that the next one is one; `None` if neither.
    pub(super) fn read(&self, argument: &str, marks: &mut Marks) -> Option<Expected> {
        if self.spaced.contains(&argument) {
            return Some(Expected::Password);
        }
        for (flag, between) in self.pairs {
            let Some(value) = argument.strip_prefix(flag) else { continue };
            if value.is_empty() {
                return Some(Expected::Pair(*between));
            }
            let attached = !flag.starts_with("--") || value.starts_with('=');
            if let (true, Some((_, password))) = (attached, value.split_once(*between)) {
                marks.add(argument.len() - password.len()..argument.len());
                return Some(Expected::Anything);
            }
        }
        let attached = self.attached.iter().find(|flag| argument.starts_with(**flag))?;
        marks.add(attached.len()..argument.len());
        (argument.len() > attached.len()).then_some(Expected::Anything)
    }
}
