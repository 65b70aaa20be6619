import Supervisor
import TestKit

/// A root folder with nothing in it but a package, and a program that ends with 0.
struct EmptyRoot: ~Copyable {
    let folder = TestFolder.made()

    static let isPossible = BootstrapBinary.path != nil && shell("test $(id -u) = 0 && which gcc").code == 0

    var path: String { folder.path + "/root" }

    init() {
        folder.write("int main(void){return 0;}", to: "p.c")
        shell(
            "mkdir -p '\(path)/var/task' '\(path)/tmp' '\(path)/bin' && cp '\(BootstrapBinary.path ?? "")' '\(path)/var/task/bootstrap' && gcc -static '\(folder.path)/p.c' -o '\(path)/bin/p'"
        )
        let spec = LaunchSpec(name: utf8("x"), root: utf8("/"), command: [utf8("p")], timeoutThreshold: 1)
        folder.write(text(spec.encode()), to: "root/var/task/launch.json")
    }

    /// Runs the supervisor there on one event; what it told Lambda, and its log.
    func run(_ event: String, variables: String) -> (answer: String, log: String) {
        let runtime = FakeRuntime([(event, 30)])
        let result = shell(
            "env -i \(variables) AWS_LAMBDA_RUNTIME_API=\(runtime.address) timeout 60 /usr/sbin/chroot '\(path)' /var/task/bootstrap 2>&1"
        )
        return (runtime.calls.dropFirst().first?.body ?? "", result.output)
    }
}
