extension Launcher {
    static let node = Launcher(
        name: "node", programs: ["node", "nodejs"], companions: ["npm", "npx", "yarn", "pnpm", "tsx", "ts-node"],
        variables: ["NODE_VERSION", "NODE_ENV"],
        scripts: [ScriptKind(suffixes: [".js", ".mjs", ".cjs"], commands: [["node"], ["nodejs"]])],
        worker: Worker(file: "node.cjs", text: nodeWorker),
        sets: [
            FileSet(
                "node", "modules for Node.js", when: ["**/bin/node", "**/bin/nodejs", "**/libnode.so*"],
                ["usr/lib/node_modules/**", "usr/share/nodejs/**", "usr/share/node_modules/**", "**/node_modules/**"])
        ],
        environment: { image in
            // A script in the package stands beside no node_modules; the image's are these.
            guard image.value(of: "NODE_PATH") == nil else { return [] }
            let own = image.workingDirectory.map { [$0 == "/" ? "/node_modules" : "\($0)/node_modules"] } ?? []
            let folders = (own + ["/usr/local/lib/node_modules"]).filter(image.hasFolder)
            return folders.isEmpty ? [] : [("NODE_PATH", folders.joined(separator: ":"))]
        })

    /// V8 cannot be forked; a thread of Node's has an engine, modules and variables of its own.
    private static let nodeWorker = #"""
        // Runs the function's script once for each request, in a thread of its own. See docs/launchers.md.
        'use strict';
        const fs = require('node:fs');
        const readline = require('node:readline');
        const { Worker } = require('node:worker_threads');

        const base = { ...process.env };
        const said = (text) => fs.writeSync(4, text + '\n');

        function run(id, file) {
            const [folder, script, ...variables] = fs.readFileSync(file, 'utf8').split('\0').slice(0, -1);
            const env = { ...base };
            for (const variable of variables) {
                const end = variable.indexOf('=');
                env[variable.slice(0, end)] = variable.slice(end + 1);
            }
            // A thread cannot change its folder, so that it has ours.
            process.chdir(folder);
            let code = 0;
            const thread = new Worker(script, { env, argv: [], trackUnmanagedFds: true });
            const onTerminate = () => { code = 143; thread.terminate(); };
            process.once('SIGTERM', onTerminate);
            thread.once('error', (error) => console.error(error && error.stack || error));
            thread.once('exit', (status) => {
                process.removeListener('SIGTERM', onTerminate);
                said(`exit ${id} ${code || status & 255}`);
            });
        }

        // Without anybody who listens, the signal would end us between two requests.
        process.on('SIGTERM', () => {});
        said('ready');
        readline.createInterface({ input: fs.createReadStream(null, { fd: 3 }) }).on('line', (line) => {
            const space = line.indexOf(' ');
            run(line.slice(0, space), line.slice(space + 1));
        });

        """#
}
