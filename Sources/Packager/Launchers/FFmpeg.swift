extension Launcher {
    static let ffmpeg = Launcher(
        name: "ffmpeg", programs: ["ffmpeg"], companions: ["ffprobe", "ffplay"],
        sets: [
            FileSet(
                "ffmpeg", "FFmpeg's presets", when: ["**/bin/ffmpeg", "**/libavcodec.so*"],
                ["usr/share/ffmpeg/**", "usr/local/share/ffmpeg/**"])
        ])
}
