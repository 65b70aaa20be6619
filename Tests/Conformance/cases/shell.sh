# What images' own shell scripts do, with Debian's dash and coreutils, and with busybox.
#: trees: small python musl arm64
### identity
id onlyonhost; id; id -un; whoami; id -gn; id conformance
### names_in_listings
ls -ld /usr/share/conformance/file | cut -d' ' -f1,3,4
stat -c '%U %G %a %F %n' /usr/share/conformance/file /usr/share/conformance/folder
### listing_of_the_root
ls -a / ; ls -a /.. ; cd / && ls -a .. ; ls -d /../../usr
### usr_cannot_be_told_apart
find /usr | sort | sha256sum
find /etc -type f | sort | sha256sum
find /usr -type f -perm -100 | sort | sha256sum
find /usr -type f -size -40k -name '*.py' -exec cat {} + | sha256sum
### usr_files_have_the_same_bytes trees=small,python limit=120
find /usr -type f ! -perm -100 ! -name '*.so*' | sort | xargs sha256sum | sha256sum
### links_of_the_image trees=small,python,musl,arm64
find /usr/bin /usr/share -type l | sort | while read -r link; do printf '%s %s\n' "$link" "$(readlink -f "$link")"; done | sha256sum
### links_into_folders_of_the_host
for link in absolute climbing; do
    echo "$link" >"/usr/share/conformance/tmp-$link" && cat "/tmp/by-$link" && cat "/usr/share/conformance/tmp-$link"
    rm "/tmp/by-$link"; cat "/usr/share/conformance/tmp-$link" 2>&1; head -c 5 "/usr/share/conformance/proc-$link"
done
### link_texts_of_the_image trees=small,python
find /usr/bin -type l -printf '%p %l\n' | sort | sha256sum
### stat_of_names
stat -c '%N %F %s' /usr/share/conformance/file /usr/share/conformance/relative-link
### pwd
pwd; cd /usr/share/conformance && pwd; pwd -P; cd folder-link && pwd && pwd -P; cd .. && pwd; cd ../../../../.. && pwd; cd //usr && pwd -P
### cd_to_tmp_and_back
cd /tmp && pwd -P && cd ../usr && pwd -P && ls conformance-above; echo "$OLDPWD"
### redirections
echo one >/desk/a; echo two >>/desk/a; cat </desk/a; : >/desk/b; cat /desk/missing; echo "$?"
cat 3</usr/share/conformance/file <&3; echo x >/no/such/folder/file; echo "$?"
echo tmp >/tmp/t && cat /tmp/t; echo null >/dev/null; exec 5</usr/share/conformance/file; cat <&5
### here_documents
cat <<X
$(cat /usr/share/conformance/file) and $(pwd)
X
### globs
echo /usr/share/conformance/f*; echo /us?/share/conformance/[a-c]*; cd / && echo us*; echo ../us*; echo /nothing*
### tests
for path in /usr /usr/share/conformance/file /usr/share/conformance/dangling /etc/conformance-only-in-image \
    /etc/conformance-only-on-host /usr/share/conformance/absolute-link /dev/null /proc/self /no; do
    for test in -e -f -d -h -r -w -x -s; do [ $test $path ] && printf '%s ' $test; done; echo $path
done
[ /usr/share/conformance/file -ef /usr/share/conformance/absolute-link ] && echo same
### files_are_made_and_moved
cd /desk && mkdir -p a/b/c && touch a/file && cp /usr/share/conformance/file a/b/ && mv a/b/file a/b/c/other && ln -s /usr/share/conformance/file l &&
ln -s ../usr r && ln a/file hard && ls -R . && cat l && readlink l r && readlink -f l r && rm -r a && rmdir /desk/missing; echo "$?"
cp -a /usr/share/conformance/folder/sub copied && ls -l copied | cut -c1-10; cp -P /desk/l l2 && readlink l2
### outside_of_writable_places
echo x >/usr/new-in-usr && cat /usr/new-in-usr; echo x >/new-in-root && ls -l /new-in-root | cut -c1-10
mkdir /var/new /srv/new; echo x >/etc/conformance-only-in-image; cat /etc/conformance-only-in-image; rm /etc/conformance-only-in-image
rm -f /etc/conformance-only-on-host; echo $?; echo x >/var/task/new; echo $?
### programs_by_name_and_path
/bin/echo absolute; /usr/bin/env echo by env; command -v ls; cd /usr/bin && ./echo relative; PATH=/usr/share/conformance script a b
/usr/share/conformance/script 1 2; /usr/share/conformance/script-env 3; /usr/share/conformance/script-nested 4
sh /usr/share/conformance/script-no-magic 5; /usr/share/conformance/script-no-magic 6; . /usr/share/conformance/script; exec /bin/echo the end
### programs_that_fail
/no/such/program; echo $?; /usr/share/conformance/file; echo $?; /usr/share/conformance; echo $?; nothing-of-that-name; echo $?
/usr/share/conformance/script-missing; echo $?; /usr/share/conformance/script-crlf; echo $?; /usr/share/conformance/bad-truncated 2>/dev/null; echo $?
### argv0
sh -c 'echo $0' name; sh -c 'cat /proc/$$/comm'; sh /usr/share/conformance/script; sh -c 'tr "\0" "|" </proc/self/cmdline; echo'
### comm_of_scripts
cat >/tmp/named-script <<'X'
#!/bin/sh
cat /proc/$$/comm; tr "\0" "|" </proc/$$/cmdline; echo
X
chmod +x /tmp/named-script; /tmp/named-script one two
### environment
env | grep -v -e ^LOCPATH= -e ^GCONV_PATH= -e ^TZDIR= -e ^_= | sort; env -i /usr/bin/env | sort | grep -v -e LOCPATH -e GCONV_PATH -e TZDIR; env -i A=1 sh -c 'echo $A; cat /usr/share/conformance/file; env | grep -c SCAR'
export -p | grep -v -e LOCPATH -e GCONV_PATH -e TZDIR; set | grep -c -e SCAR -e LD_PRELOAD -e LD_LIBRARY || true
### environment_set_by_the_program
LD_LIBRARY_PATH=/usr/share/conformance/plugins sh -c 'echo $LD_LIBRARY_PATH; sh -c "echo \$LD_LIBRARY_PATH"; cat /usr/share/conformance/file'
LD_PRELOAD=/usr/share/conformance/plugins/libpreload.so sh -c 'echo $LD_PRELOAD $CONFORMANCE_PRELOADED; cat /usr/share/conformance/file'
env -u PATH /bin/cat /usr/share/conformance/file; unset LD_PRELOAD LD_LIBRARY_PATH; cat /usr/share/conformance/file
### find_and_xargs
find /usr/share/conformance -name 'f*' | sort; find /usr/share/conformance -name file -exec cat {} \; ; find /usr/share/conformance/folder -type f | sort | xargs cat
find /usr/share/conformance/folder -type f -execdir pwd \; ; find / -maxdepth 1 | sort; find /usr/share/conformance/folder -depth | sort; find -L /usr/share/conformance/folder-link | sort
### text_tools
sort /etc/passwd | head -n 3; awk -F: '/conformance/ { print $1, $3 }' /etc/passwd /etc/group; sed -n 's/conformance/x/p' /etc/group; grep -rl leaf /usr/share/conformance/folder; cut -d: -f1 /etc/passwd | head -n 2
awk 'BEGIN { while (("cat /usr/share/conformance/file" | getline line) > 0) print line; print "out" > "/desk/by-awk"; system("cat /desk/by-awk") }'
sed -i s/x/y/ /desk/none; printf 'x\n' >/desk/edit && sed -i s/x/y/ /desk/edit && cat /desk/edit
### sort_with_temporary_files
awk 'BEGIN { for (i = 0; i < 60000; i++) print (i * 7919) % 60013 }' | sort -n -S 64k -T /desk 2>/dev/null | sha256sum; ls -A /desk
### tar_round_trip trees=python,musl
tar -cf /desk/a.tar -C /usr/share/conformance file folder/sub relative-link && tar -tf /desk/a.tar | sort && mkdir /desk/out && tar -xf /desk/a.tar -C /desk/out && ls -R /desk/out
rm /desk/a.tar
### compression trees=python,musl
gzip -c /usr/share/conformance/file >/desk/f.gz && gunzip -c /desk/f.gz; rm /desk/f.gz; zcat /desk/none.gz; echo $?
### dates
TZ=Europe/Berlin date -d @1700000000 2>/dev/null || TZ=Europe/Berlin date -D %s -d 1700000000; date -u -d @0 +%F; TZ=UTC touch -d '2020-02-03 04:05:06' /desk/t; date -u -r /desk/t +%F
### locale_tools trees=python
locale -a; locale charmap; LC_ALL=de_DE.UTF-8 locale day; LC_ALL=de_DE.UTF-8 date -u -d @0 +%A
### iconv_program trees=small,python
printf '\342\202\254' | iconv -f UTF-8 -t ISO-8859-15 | od -An -tx1; printf '\346\227\245' | iconv -f UTF-8 -t EUC-JP | od -An -tx1; iconv -f UTF-8 -t NONSENSE </dev/null; echo $?
### getent trees=small,python
getent passwd conformance root onlyonhost; getent group conformance; getent hosts localhost | cut -d' ' -f1
### getent_through_the_c_library trees=python
# What getent asks of the C library's own tables, which the path library does not replace.
getent services conformance/tcp; getent protocols conformance
### df_and_mounts
df / >/dev/null && echo df works; df /usr/share | wc -l; du -s /usr/share/conformance/folder >/dev/null && echo du works
### temporary
name=$(mktemp) && case $name in /tmp/*) echo in tmp ;; esac; [ -f "$name" ] && rm "$name"; name=$(mktemp -d -p /desk) && rmdir "$name" && echo made; TMPDIR=/desk mktemp -u | cut -c1-6
### pipes_and_status
false | true; echo $?; (exit 5); echo $?; sh -c 'kill -9 $$'; echo $?; cat /usr/share/conformance/file | cat | tr a-z A-Z; sleep 0.01 & wait $!; echo $?
### traps
trap 'cat /usr/share/conformance/file; echo' EXIT; trap 'echo usr1' USR1; kill -USR1 $$
### fifo
mkfifo /desk/f; cat /usr/share/conformance/file >/desk/f & cat /desk/f; wait
### long_command_lines
i=0; words=; while [ $i -lt 2000 ]; do words="$words word$i"; i=$((i + 1)); done; /bin/echo $words | sha256sum; LONG=$words /usr/bin/env | grep -c ^LONG
### deep_shells
sh -c 'sh -c "sh -c \"cat /usr/share/conformance/file; pwd\""'; env sh -c 'env sh -c "env cat /usr/share/conformance/file"'
### program_written_a_moment_ago
printf '#!/bin/sh\necho written by a program: $0\n' >/tmp/p && chmod +x /tmp/p && /tmp/p; cp /tmp/p /desk/p && /desk/p; cp /bin/echo /tmp/my-echo 2>/dev/null && /tmp/my-echo copied; rm -f /tmp/my-echo
### own_program_in_the_package trees=small,python,musl
/var/task/plain echo from the package; /var/task/static a b; cp /var/task/plain /tmp/compiled && /tmp/compiled exec_target; env /tmp/compiled exec_target; rm /tmp/compiled
### proc_of_another_process
sleep 1 & readlink /proc/$!/cwd; wait
### proc_exe_of_another_process
sleep 1 & sleep 0.1; readlink /proc/$!/exe | sed 's/.*coreutils.*/sleep/;s/.*busybox.*/sleep/'; wait
### git trees=python limit=120
export HOME=/desk GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' GIT_COMMITTER_DATE='2020-01-01T00:00:00Z'
git config --global user.email a@b.c; git config --global user.name n; git config --global init.defaultBranch main
git init -q /desk/r && cd /desk/r && cp /usr/share/conformance/file . && git add . && git commit -q -m one && git log --format='%H %s' && git --exec-path && git grep hello && git status --short
git clone -q /desk/r /desk/s && cat /desk/s/file && git -C /desk/s log --oneline | wc -l && git -C /desk/s rev-parse --show-toplevel
printf '#!/bin/sh\necho hook ran in $(pwd)\n' >.git/hooks/pre-commit; chmod +x .git/hooks/pre-commit; echo more >>file; git commit -q -a -m two; git diff HEAD~ | tail -n 2; git stash list; git submodule status
rm -rf /desk/r /desk/s
### file_magic trees=python
file /usr/share/conformance/file /usr/share/conformance/script /usr/share/conformance/bad-text /usr/share/conformance/relative-link; file -i /etc/passwd; file -b /usr/share/zoneinfo/UTC
### dpkg trees=python
dpkg -S /usr/bin/env; dpkg -L coreutils | sha256sum; dpkg-query -W -f '${Version}\n' libc6; dpkg -l | wc -l
### perl_tools trees=python
perl -e 'print "$^X $0\n"; print join(",", grep { !/^\./ } @INC), "\n"'; perl -MConfig -e 'print "$Config{perlpath} $Config{privlibexp}\n"'; perldoc -V; json_pp </dev/null; echo $?
### run_parts trees=python
mkdir /desk/d; printf '#!/bin/sh\necho part $0\n' >/desk/d/one; chmod +x /desk/d/one; run-parts /desk/d; which ls sh; type cat
### script_by_relative_interpreter
cd /desk && printf '#!bin/sh2\necho relative interpreter\n' >rel && mkdir bin && cp /bin/sh bin/sh2 && chmod +x rel && ./rel; rm -r bin
