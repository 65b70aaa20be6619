// Users and groups, host names, messages and what depends on the locale.
#include "conformance.h"

#include <grp.h>
#include <iconv.h>
#include <langinfo.h>
#include <libintl.h>
#include <locale.h>
#include <netdb.h>
#include <pwd.h>
#include <shadow.h>
#include <time.h>
#include <wchar.h>

static void show_user(const char *what, const struct passwd *user) {
    if (user)
        printf("%s: %s:%s:%u:%u:%s:%s:%s\n", what, user->pw_name, user->pw_passwd, (unsigned)user->pw_uid, (unsigned)user->pw_gid,
               user->pw_gecos, user->pw_dir, user->pw_shell);
    else
        printf("%s: none\n", what);
}

static void show_group(const char *what, const struct group *group) {
    if (!group) {
        printf("%s: none\n", what);
        return;
    }
    printf("%s: %s:%s:%u:", what, group->gr_name, group->gr_passwd, (unsigned)group->gr_gid);
    for (char **member = group->gr_mem; *member; member++) printf("%s,", *member);
    printf("\n");
}

CASE(getpw) {
    show_user("root", getpwnam("root"));
    show_user("image", getpwnam("conformance"));
    show_user("host", getpwnam("onlyonhost"));
    show_user("0", getpwuid(0));
    show_user("993", getpwuid(993));
    show_user("4321", getpwuid(4321));
    show_user("77777", getpwuid(77777));
    show_user("empty", getpwnam(""));
    show_user("self", getpwuid(getuid()));
}

CASE(getpw_r) {
    struct passwd user, *found;
    char space[1024];
    show("root", getpwnam_r("root", &user, space, sizeof space, &found));
    show_user("root", found);
    show("image", getpwuid_r(4321, &user, space, sizeof space, &found));
    show_user("image", found);
    show("missing", getpwnam_r("nobody-at-all", &user, space, sizeof space, &found));
    show_user("missing", found);
    printf("too small: %s\n", error_name(getpwnam_r("root", &user, space, 4, &found)));
    show_user("too small", found);
    struct group group, *which;
    show("group", getgrnam_r("conformance", &group, space, sizeof space, &which));
    show_group("group", which);
    show("group", getgrgid_r(4321, &group, space, sizeof space, &which));
    show_group("group", which);
    printf("too small: %s\n", error_name(getgrgid_r(0, &group, space, 3, &which)));
}

CASE(getgr) {
    show_group("root", getgrnam("root"));
    show_group("image", getgrnam("conformance"));
    show_group("host", getgrnam("onlyonhost"));
    show_group("4321", getgrgid(4321));
    show_group("77777", getgrgid(77777));
}

CASE(getpwent) {
    struct passwd *user;
    int count = 0;
    setpwent();
    while ((user = getpwent()) && count++ < 100)
        if (count < 4 || !strcmp(user->pw_name, "conformance")) show_user("user", user);
    endpwent();
    show("users", count);
    setpwent();
    show_user("first again", getpwent());
    endpwent();
    struct group *group;
    count = 0;
    while ((group = getgrent()) && count++ < 200)
        if (count < 4 || !strcmp(group->gr_name, "conformance")) show_group("group", group);
    endgrent();
    show("groups", count);
}

CASE(getgrouplist) {
    gid_t groups[32];
    int count = 32;
    show("getgrouplist", getgrouplist("conformance", 4321, groups, &count));
    for (int i = 0; i < count; i++) printf("%u\n", (unsigned)groups[i]);
    count = 1;
    // What errno is then is nobody's promise.
    printf("too small: %d\n", getgrouplist("conformance", 4321, groups, &count));
    show("wanted", count);
    count = 32;
    show("unknown user", getgrouplist("nobody-at-all", 7, groups, &count));
    show("own", getgroups(32, groups));
    show("initgroups", initgroups("conformance", 4321));
}

// Their groups come behind one whose line is longer than most.
CASE(getgrouplist_behind_a_crowd) {
    gid_t groups[32];
    int count = 32;
    show("getgrouplist", getgrouplist("latecomer", 7, groups, &count));
    for (int i = 0; i < count; i++) printf("%u\n", (unsigned)groups[i]);
    show("initgroups", initgroups("latecomer", 7));
}

CASE(getpwnam_twice) {
    // A static result is overwritten by the next call and by nothing else.
    struct passwd *first = getpwnam("root");
    show_user("root", first);
    getgrnam("conformance");
    show_user("root still", first);
    getpwnam("conformance");
    show_user("now", first);
}

CASE(fgetpwent) {
#ifdef __GLIBC__
    FILE *stream = fopen("/etc/passwd", "r");
    show_user("first", fgetpwent(stream));
#endif
    char space[64];
    errno = 0;
    done("cuserid or login", getlogin_r(space, sizeof space) == 0);
    struct spwd *shadow = getspnam("root");
    printf("shadow: %s\n", shadow ? shadow->sp_namp : "none");
}

CASE(locale_c_utf8) {
    text("C.UTF-8", setlocale(LC_ALL, "C.UTF-8"));
    text("codeset", nl_langinfo(CODESET));
    show("width", mblen("\xc3\xa9", 4));
}

CASE(locale_de) {
    text("de_DE.UTF-8", setlocale(LC_ALL, "de_DE.UTF-8"));
    text("day", nl_langinfo(DAY_2));
    text("radix", localeconv()->decimal_point);
    printf("%.2f\n", 1234.5);
    text("unknown", setlocale(LC_ALL, "xx_XX.UTF-8"));
    locale_t other = newlocale(LC_ALL_MASK, "de_DE.UTF-8", (locale_t)0);
    done("newlocale", other != (locale_t)0);
}

CASE(locale_environment) {
    setenv("LC_ALL", "de_DE.UTF-8", 1);
    text("environment", setlocale(LC_ALL, ""));
    text("month", nl_langinfo(MON_3));
}

CASE(iconv) {
    const char *names[] = {"ISO-8859-15", "EUC-JP", "UTF-16LE", "SHIFT_JIS", "ASCII//TRANSLIT", "NONSENSE"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        errno = 0;
        iconv_t converter = iconv_open(names[i], "UTF-8");
        if (converter == (iconv_t)-1) {
            printf("%s: %s\n", names[i], error_name(errno));
            continue;
        }
        char input[] = "\xe6\x97\xa5", output[32];
        char euro[] = "\xe2\x82\xac";
        char *from = i == 0 ? euro : input, *to = output;
        size_t left = 3, room = sizeof output;
        size_t result = iconv(converter, &from, &left, &to, &room);
        printf("%s: %ld, left %zu:", names[i], (long)result, left);
        for (char *byte = output; byte < to; byte++) printf(" %02x", (unsigned char)*byte);
        printf("\n");
        iconv_close(converter);
    }
}

static void show_zone(const char *name) {
    setenv("TZ", name, 1);
    tzset();
    time_t when = 1700000000, summer = 1690000000;
    char space[64];
    struct tm local;
    strftime(space, sizeof space, "%F %T %Z %z", localtime_r(&when, &local));
    printf("%s: %s", name, space);
    strftime(space, sizeof space, "%F %T %Z %z", localtime_r(&summer, &local));
    printf(", %s\n", space);
}

CASE(time_zones) {
    show_zone("Europe/Berlin");
    show_zone("Asia/Kolkata");
    show_zone(":America/New_York");
    show_zone("UTC");
    show_zone("CET-1CEST,M3.5.0,M10.5.0/3");
    show_zone("Nowhere/Nothing");
}

CASE(time_zone_absolute) { show_zone(":/usr/share/zoneinfo/Europe/Berlin"); }

CASE(time_zone_of_image) {
    unsetenv("TZ");
    tzset();
    time_t when = 1700000000;
    text("local", ctime(&when));
}

CASE(getaddrinfo) {
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found = NULL;
    const char *hosts[] = {"localhost", "127.0.0.1", "only-in-hosts", "image-only-in-hosts"};
    for (int i = 0; i < 4; i++) {
        int result = getaddrinfo(hosts[i], NULL, &hints, &found);
        printf("%s: %s", hosts[i], result ? "fails" : "found");
        if (!result) {
            char host[64];
            getnameinfo(found->ai_addr, found->ai_addrlen, host, sizeof host, NULL, 0, NI_NUMERICHOST);
            printf(" %s", host);
        }
        printf("\n");
    }
}

CASE(services) {
    struct servent *service = getservbyname("https", "tcp");
    printf("https: %d\n", service ? service->s_port >> 8 | (service->s_port & 255) << 8 : -1);
    service = getservbyname("conformance", "tcp");
    printf("conformance: %d\n", service ? service->s_port >> 8 | (service->s_port & 255) << 8 : -1);
    struct protoent *protocol = getprotobyname("conformance");
    printf("protocol: %d\n", protocol ? protocol->p_proto : -1);
}

CASE(gettext) {
    setenv("LANGUAGE", "de", 1);
    text("locale", setlocale(LC_ALL, "de_DE.UTF-8"));
    text("bindtextdomain", bindtextdomain("conformance", "/usr/share/locale"));
    text("textdomain", textdomain("conformance"));
    text("message", gettext("Good morning"));
    text("bound", bindtextdomain("conformance", NULL));
    text("another folder", bindtextdomain("other", DATA "/locale"));
    text("message", dgettext("other", "Good morning"));
}

CASE(gettext_default_folder) {
    setenv("LANGUAGE", "de", 1);
    text("locale", setlocale(LC_ALL, "de_DE.UTF-8"));
    text("message of the C library's folder", dgettext("conformance", "Good morning"));
    text("folder", bindtextdomain("conformance", NULL));
}

CASE(gethostname) {
    char space[64];
    show("gethostname", gethostname(space, sizeof space));
    text("name", space);
}
