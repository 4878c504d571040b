/*
 * Runs the main classes of Kafka's tools, one after another, in one JVM: a run takes the time of its requests, and not
 * the second or two that a JVM needs to start.
 *
 * A line on stdin is a run: words in base64, separated by spaces, each with a leading dot so that none is empty: what the
 * tool reads from its stdin, its main class, its arguments. A line on stdout is what came of it: the exit code, and what
 * the tool had written to stdout and to stderr when it ended, in base64 with a leading dot. A tool that has not ended in
 * TIMEOUT_MS gives -1, and goes on beside what comes next.
 */

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.apache.kafka.common.utils.Exit;

public final class ToolServer {
    /** Ends the thread of a tool that has called for the end of the process. */
    private static final class Ended extends Error {
        Ended() {
            super("the tool has ended", null, false, false);
        }
    }

    /** Where a stream of the process goes now. Tools keep the stream itself, so it is replaced from within. */
    private static final class Switch extends OutputStream {
        private ByteArrayOutputStream taken = new ByteArrayOutputStream();

        @Override
        public synchronized void write(int value) {
            taken.write(value);
        }

        @Override
        public synchronized void write(byte[] bytes, int offset, int length) {
            taken.write(bytes, offset, length);
        }

        synchronized byte[] take() {
            byte[] bytes = taken.toByteArray();
            taken = new ByteArrayOutputStream();
            return bytes;
        }
    }

    private static final long TIMEOUT_MS = 15_000;
    private static final int TIMED_OUT = -1;
    private static final Switch OUT = new Switch();
    private static final Switch ERR = new Switch();
    private static String answer;

    public static void main(String[] args) throws Exception {
        PrintStream answers = System.out;
        System.setOut(new PrintStream(OUT, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(ERR, true, StandardCharsets.UTF_8));
        Exit.setExitProcedure((code, message) -> {
            end(code);
            throw new Ended();
        });
        Exit.setHaltProcedure((code, message) -> {
            end(code);
            throw new Ended();
        });
        BufferedReader runs = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String line = runs.readLine(); line != null; line = runs.readLine()) {
            List<String> words = new ArrayList<>();
            for (String word : line.split(" "))
                words.add(new String(Base64.getDecoder().decode(word.substring(1)), StandardCharsets.UTF_8));
            answers.println(run(words));
            answers.flush();
        }
    }

    private static String run(List<String> words) throws InterruptedException {
        OUT.take();
        ERR.take();
        answer = null;
        System.setIn(new ByteArrayInputStream(words.get(0).getBytes(StandardCharsets.UTF_8)));
        String[] args = words.subList(2, words.size()).toArray(new String[0]);
        Thread tool = new Thread(() -> call(words.get(1), args));
        tool.setDaemon(true);
        tool.start();
        tool.join(TIMEOUT_MS);
        end(TIMED_OUT);
        return answer;
    }

    private static void call(String mainClass, String[] args) {
        try {
            Class.forName(mainClass).getMethod("main", String[].class).invoke(null, (Object) args);
            end(0);
        } catch (InvocationTargetException thrown) {
            if (!(thrown.getCause() instanceof Ended)) {
                thrown.getCause().printStackTrace();
                end(1);
            }
        } catch (ReflectiveOperationException notFound) {
            notFound.printStackTrace();
            end(1);
        }
    }

    /** What counts is the first end: many a tool takes what ends it for an error, and ends again. */
    private static synchronized void end(int exitCode) {
        if (answer != null) return;
        Base64.Encoder encoder = Base64.getEncoder();
        answer = exitCode + " ." + encoder.encodeToString(OUT.take()) + " ." + encoder.encodeToString(ERR.take());
    }

    private ToolServer() {
    }
}
