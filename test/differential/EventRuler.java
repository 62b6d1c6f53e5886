import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

import software.amazon.event.ruler.Ruler;

/** Reads lines of a pattern and an event, with a tab between them, and prints for each whether Event Ruler matches them: t, f, or e if the pattern does not parse. */
public class EventRuler {
    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        StringBuilder out = new StringBuilder();
        for (String line; (line = in.readLine()) != null; ) {
            String[] parts = line.split("\t", 2);
            try {
                out.append(Ruler.matchesRule(parts[1], parts[0]) ? "t\n" : "f\n");
            } catch (Exception e) {
                out.append("e ").append(String.valueOf(e.getMessage()).replace('\n', ' ')).append('\n');
            }
        }
        System.out.print(out);
    }
}
