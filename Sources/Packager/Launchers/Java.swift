extension Launcher {
    /// Java takes its home folder from the user's entry in /etc/passwd and not from HOME; preferences and caches of
    /// libraries go there.
    static let java = Launcher(
        name: "java", programs: ["java"], companions: ["javac", "jshell", "mvn", "gradle", "kotlin", "scala"],
        variables: ["JAVA_HOME", "JAVA_VERSION"],
        scripts: [
            ScriptKind(suffixes: [".jar"], commands: [["java", "-Duser.home=/tmp", "-jar"]]),
            ScriptKind(suffixes: [".java"], commands: [["java", "-Duser.home=/tmp"]]),
        ],
        sets: [
            FileSet(
                "java", "the Java runtime, whose parts are loaded by name", when: ["**/bin/java", "**/libjvm.so"],
                ["usr/lib/jvm/**", "opt/java/**", "usr/java/**", "etc/java*/**", "usr/share/java/**"],
                except: ["**/jmods/**", "**/src.zip", "usr/lib/jvm/*/man/**", "usr/lib/jvm/*/include/**"])
        ])
}
